"""`python -m msp.core.embedded.clean`: stop the servers of the home folder and remove all that they kept."""

import shutil
import sys
from pathlib import Path

from .home import (
    MARKER,
    CannotStart,
    check_owner,
    default_home,
    elsewhere,
    is_ours,
    postgres_folder,
    postgres_process,
    redis_process,
    up_process,
)


def clean(home: Path) -> None:
    """Stop and remove `home` and the homes inside it, such as that of test runs."""
    if not home.exists():
        return
    check_owner(home)
    if not is_ours(home):
        raise CannotStart(f"{home} was not made by msp and is left alone.")
    for marker in home.rglob(MARKER):
        stop_servers(marker.parent)
        if elsewhere(marker.parent).exists():
            check_owner(elsewhere(marker.parent))
            shutil.rmtree(elsewhere(marker.parent))
    shutil.rmtree(home)


def stop_servers(home: Path) -> None:
    """Stop what runs from `home`: first `msp up`, which would revive the others."""
    up_process(home).end()
    redis_process(home).end()
    postgres_process(postgres_folder(home)).end()


if __name__ == "__main__":
    try:
        clean(default_home())
    except CannotStart as error:
        sys.exit(str(error))
