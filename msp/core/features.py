"""Features are packages of a known shape: loading one imports its parts by their names."""

from collections.abc import Iterable
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType


def parts(name: str, packages: Iterable[str]) -> list[ModuleType]:
    """The modules called `name` of every package that has one, in the order of the ladder."""
    found = []
    for package in packages:
        path = f"{package}.{name}"
        if find_spec(path) is not None:
            found.append(import_module(path))
    return found


def load_models(packages: Iterable[str]) -> None:
    """Import every table, so that the metadata and the registry are whole."""
    import_module("msp.core.outbox.models")
    import_module("msp.core.audit")
    import_module("msp.core.refusals")
    for part in ("models", "platform"):
        parts(part, packages)


def load(packages: Iterable[str]) -> None:
    """Import everything that registers itself: tables, jobs, subscribers."""
    packages = tuple(packages)
    load_models(packages)
    for part in ("jobs", "subscribers"):
        parts(part, packages)
