"""Routes of the API: one decorator gives each its gate, body, answer, version and description."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import flask_smorest
from flask import request
from marshmallow import Schema

from msp.core.api.conditional import versioned
from msp.core.api.parsing import parser, refuse_any
from msp.core.api.replay.services import once
from msp.core.web.gates import SIGNED_IN, Gate, Who, gated
from msp.core.web.uploads import takes_files

ROOT = "/api/v1"
View = Callable[..., Any]


class Resource(flask_smorest.Blueprint):
    """The routes of one kind of thing; for whoever is signed in unless a route says otherwise."""

    ARGUMENTS_PARSER = parser

    def __init__(self, name: str, import_name: str, description: str) -> None:
        super().__init__(f"api_{name}", import_name, url_prefix=ROOT, description=description)
        self.gate = SIGNED_IN

    def operation(
        self, method: str, rule: str, answer: type[Schema] | None = None, *, needs: str | None = None, who: Who = "signed_in",
        takes: type[Schema] | None = None, query: type[Schema] | None = None, status: int = 200, changes: bool = False,
        is_upload: bool = False, content_type: str | None = None, open_because: str = "",
    ) -> Callable[[View], View]:  # fmt: skip
        """Register a view.

        `changes` needs `If-Match`; whatever has a `version` is answered with its `ETag`; a POST can be repeated under
        its `Idempotency-Key`, unless it takes a file. `who="everyone"`: the body carries a token of its own, for the reason given.
        """
        is_repeatable = method == "POST" and not is_upload and who != "everyone"
        marks = {
            "x-if-match": changes, "x-idempotent": is_repeatable, "x-etag": _has_version(answer), "x-upload": is_upload,
            "x-audience": who, "x-permission": needs and str(needs),
        }  # fmt: skip

        def register(view: View) -> View:
            made = gated(Gate(who, needs, open_because, by_token=who == "everyone"))(view)
            made = self.response(status, answer, content_type=content_type)(made)
            if _has_version(answer):
                made = versioned(made)
            if takes is not None:
                made = self.arguments(takes)(made)
            made = self.arguments(query, location="query")(made) if query is not None else without_query(made)
            if is_repeatable:
                made = once(made)
            if is_upload:
                made = takes_files(one=True)(made)
            made = self.doc(**{name: mark for name, mark in marks.items() if mark})(made)
            self.route(rule, methods=[method])(made)
            return view

        return register


def without_query(view: View) -> View:
    """Refuse a parameter where none is known, as lists refuse one that they do not know."""

    @wraps(view)
    def asked(*args: Any, **kwargs: Any) -> Any:
        refuse_any(request)
        return view(*args, **kwargs)

    return asked


def _has_version(answer: type[Schema] | None) -> bool:
    return answer is not None and "version" in answer._declared_fields
