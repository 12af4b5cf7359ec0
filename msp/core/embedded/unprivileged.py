"""The user that PostgreSQL runs as: `nobody` where root starts it, since PostgreSQL refuses root; else ourselves."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from .home import CannotStart

_NAME = "nobody"
# A server has no use for our environment, which may hold secrets.
_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


def run(command: Sequence[object], *, output: IO[bytes] | int = subprocess.DEVNULL) -> int:
    """Run a command as that user and return its exit status."""
    try:
        return subprocess.run(  # noqa: S603 - commands of this package only
            [str(word) for word in command],
            cwd="/",
            env=_ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            check=False,
            **_identity(),
        ).returncode
    except PermissionError as error:
        raise CannotStart(f"{command[0]} cannot be run as user {_NAME}: {error.strerror}.") from error


def give(path: Path) -> None:
    """Make that user the owner, and the only one who may read."""
    path.chmod(0o700 if path.is_dir() else 0o600)
    identity = _identity()
    if identity:
        os.chown(path, identity["user"], identity["group"])


def reaches(folder: Path) -> bool:
    """Whether that user may pass through `folder` and all above it."""
    return run(["/bin/sh", "-c", 'cd "$1"', "sh", folder]) == 0


def readable_copy(packages: Sequence[Path], target: Path) -> None:
    """Copy folders side by side so that everybody may read and run them, whole or not at all."""
    draft = target.with_suffix(".new")
    shutil.rmtree(draft, ignore_errors=True)
    for package in packages:
        shutil.copytree(package, draft / package.name, symlinks=True)
    for path in (draft, *draft.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | 0o755 if path.is_dir() or mode & 0o100 else mode | 0o644)
    draft.rename(target)


def _identity() -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    try:
        user = pwd.getpwnam(_NAME)
    except KeyError as error:
        raise CannotStart(f"PostgreSQL refuses root and there is no user {_NAME}; start as another user.") from error
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
