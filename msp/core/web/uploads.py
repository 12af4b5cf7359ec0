"""Routes that take files: they alone read a large body, and only from somebody who is signed in."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import current_app, g, request

FORM_BYTES = 2 * 1024 * 1024  # what the fields of the form may need besides
F = TypeVar("F", bound=Callable[..., Any])


def takes_files(*, one: bool = False) -> Callable[[F], F]:
    """Mark a view: its requests may carry one file, or as many as a message may have."""

    def mark(view: F) -> F:
        view.__takes_files__ = "one" if one else "many"  # type: ignore[attr-defined]  # read by widen
        return view

    return mark


def widen() -> None:
    """Raise the limit of this request's body; runs once the sender is known and before anything reads the form."""
    how_many = getattr(current_app.view_functions.get(request.endpoint or ""), "__takes_files__", None)
    if how_many is None or g.get("actor") is None:
        return
    settings = current_app.settings  # type: ignore[attr-defined]  # set on the application by create_app
    files = 1 if how_many == "one" else settings.max_files_per_message
    request.max_content_length = files * settings.max_file_bytes + FORM_BYTES
