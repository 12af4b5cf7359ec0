"""Versions over HTTP: an `ETag` is the row's version and a hash of what was answered.

The hash decides whether a reader has the present answer (304). A writer needs the version only: a new message on a
ticket makes nobody's change of its fields stale.
"""

import hashlib
import re
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from flask import make_response, request

from msp.core.errors import PreconditionRequired, StaleVersion

F = TypeVar("F", bound=Callable[..., Any])
_TAG = re.compile(r'"(\d{1,9})(-[0-9a-f]{16})?"')


def versioned(view: F) -> F:
    """Give the answer its ETag, and a reader who has it already 304."""

    @wraps(view)
    def tagged(*args: Any, **kwargs: Any) -> Any:
        response = make_response(view(*args, **kwargs))
        body = response.get_json(silent=True)
        if response.status_code < 300 and isinstance(body, dict) and "version" in body:
            response.set_etag(f"{body['version']}-{hashlib.sha256(response.get_data()).hexdigest()[:16]}")
            if request.method == "GET":
                response.make_conditional(request)
        return response

    return tagged  # type: ignore[return-value]  # the same function with a tag on its answer


def expected_version(present: int) -> int:
    """The version that the writer read, by `If-Match`; `*` stands for whichever is there."""
    said = request.headers.get("If-Match", "").strip()
    if not said:
        raise PreconditionRequired
    if said == "*":
        return present
    found = _TAG.fullmatch(said)
    if found is None:
        raise StaleVersion("If-Match holds no version of this; send the ETag as it was received.")
    return int(found.group(1))
