"""A request that is undone: it runs to its end, and where it would have been committed it is rolled back.

So the owner of some data can be asked whether he gets through, a thousand times, and his data stays what it was.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask, Response, request

from msp.core.db import db, rollback


@contextmanager
def rehearsed(app: Flask) -> Iterator[list[str]]:
    """Within it the application commits no request; gives the endpoints whose views were begun."""
    begun: list[str] = []

    def dispatch() -> Response:
        begun.append(str(request.endpoint))
        try:
            response = app.make_response(Flask.dispatch_request(app))
            if response.status_code < 400:
                db.session.flush()
        finally:
            rollback()
        return response

    app.dispatch_request = dispatch  # type: ignore[method-assign]  # an instance's own, taken back below
    try:
        yield begun
    finally:
        del app.dispatch_request  # the class's own shows again
