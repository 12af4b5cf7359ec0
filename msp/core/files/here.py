"""The store and the scanner of the running application. Both are opened where they are first used, after any fork."""

from typing import cast

from flask import current_app

from msp.core.files.scan import NullScanner, Scanner
from msp.core.files.storage import Storage, storage_from_url

_STORAGE, _SCANNER = "msp.storage", "msp.scanner"


def storage() -> Storage:
    """Where files lie, as `MSP_STORAGE_URL` says."""
    if _STORAGE not in current_app.extensions:
        settings = current_app.settings  # type: ignore[attr-defined]  # set on the application by create_app
        current_app.extensions[_STORAGE] = storage_from_url(settings.storage_url)
    return cast(Storage, current_app.extensions[_STORAGE])


def scanner() -> Scanner:
    """What looks at each file before it is shown; nothing does until `set_scanner` names it."""
    return cast(Scanner, current_app.extensions.setdefault(_SCANNER, NullScanner()))


def set_scanner(scanner: Scanner) -> None:
    """Plug a scanner into the running application."""
    current_app.extensions[_SCANNER] = scanner
