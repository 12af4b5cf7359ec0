"""One table from errors to answers: a page for people, problem+json (RFC 9457) for programs."""

from typing import Any

import structlog
from flask import Flask, Response, current_app, g, jsonify, redirect, render_template, request, url_for
from marshmallow import ValidationError
from psycopg.errors import InsufficientPrivilege
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException
from werkzeug.exceptions import MethodNotAllowed as HTTPMethodNotAllowed

from msp.core import refusals
from msp.core.db import rollback
from msp.core.errors import (
    BadRequest,
    Conflict,
    FieldError,
    Forbidden,
    Invalid,
    MethodNotAllowed,
    MspError,
    NotFound,
    SignInRequired,
    StaleVersion,
    TooLarge,
    TooManyRequests,
    Unavailable,
    UnsupportedType,
)

log = structlog.get_logger(__name__)
_HTTP: dict[int, type[MspError]] = {
    400: BadRequest,
    401: SignInRequired,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    413: TooLarge,
    415: UnsupportedType,
    422: Invalid,
    429: TooManyRequests,
}


def init_app(app: Flask) -> None:
    """Answer every error through `translate`."""
    app.register_error_handler(Exception, handle)


def handle(error: Exception) -> Any:
    """The answer to an error; what is unknown is logged and told as nothing but that."""
    if isinstance(error, HTTPException) and error.code is not None and error.code < 400:
        return error
    rollback()
    known = translate(error)
    if known is None:
        log.exception("unexpected_error", path=request.path)
        known = MspError()
    if isinstance(known, Forbidden):
        refusals.record(known.code)
    if _is_program():
        return problem(known)
    if isinstance(known, SignInRequired):
        return _to_sign_in()
    return page(known)


def translate(error: Exception) -> MspError | None:
    """The typed error behind an exception, None where it is a fault of ours."""
    if isinstance(error, MspError):
        return error
    if isinstance(error, HTTPMethodNotAllowed):
        return MethodNotAllowed(allow=", ".join(sorted(error.valid_methods or ())))
    if isinstance(error, HTTPException):
        found = _HTTP.get(error.code or 500)
        return found() if found else None
    if isinstance(error, ValidationError):
        return Invalid(errors=field_errors(error.messages))
    if isinstance(error, StaleDataError):
        return StaleVersion()
    if isinstance(error, DBAPIError):
        return _database_error(error)
    return None


def _database_error(error: DBAPIError) -> MspError | None:
    if isinstance(error.orig, InsufficientPrivilege):
        log.error("refused_by_policy", error=str(error.orig))
        return Forbidden()
    if isinstance(error, IntegrityError):
        return Conflict("Something like this exists already, or it points to something that does not.")
    if isinstance(error, OperationalError):
        log.error("database_unreachable", error=str(error.orig))
        return Unavailable()
    return None


def field_errors(messages: Any, pointer: str = "") -> list[FieldError]:
    """Marshmallow's nested messages as a flat list with JSON pointers."""
    if isinstance(messages, dict):
        found = []
        for key, value in messages.items():
            step = "" if key in ("_schema", "json", "query", "form", "files") else f"/{key}"
            found += field_errors(value, pointer + step)
        return found
    if isinstance(messages, list):
        return [item for message in messages for item in field_errors(message, pointer)]
    return [FieldError(pointer, "invalid", str(messages))]


def problem(error: MspError) -> Response:
    """RFC 9457: `type`, `title`, `status`, `detail`, and `errors[{pointer, code, message}]`."""
    body: dict[str, Any] = {
        "type": f"urn:msp:error:{error.code}",
        "title": error.title,
        "status": error.status,
        "code": error.code,
        "detail": error.message,
        "request_id": g.get("request_id"),
        **error.members,
    }
    if error.errors:
        body["errors"] = [{"pointer": e.pointer, "code": e.code, "message": e.message} for e in error.errors]
    response = jsonify(body)
    response.status_code = error.status
    response.mimetype = "application/problem+json"
    return _with_headers(response, error)


def page(error: MspError) -> Response:
    """The error as a page (or, for a fragment, as its block)."""
    surface = getattr(current_app, "surface", "portal")
    # The number is for faults of ours; refusals of what is foreign and what is absent stay the same to the letter.
    request_id = g.get("request_id") if error.status >= 500 else None
    html = render_template("error.html", error=error, surface=surface, request_id=request_id)
    response = Response(html, status=error.status, mimetype="text/html")
    return _with_headers(response, error)


def _with_headers(response: Response, error: MspError) -> Response:
    if retry := error.details.get("retry_after"):
        response.headers["Retry-After"] = str(int(retry))
    if allow := error.details.get("allow"):
        response.headers["Allow"] = allow
    return response


def _to_sign_in() -> Any:
    if "auth.sign_in" not in current_app.view_functions:
        return page(SignInRequired())
    target = request.full_path.rstrip("?") if request.method == "GET" else "/"
    if request.headers.get("HX-Request"):
        return Response(status=401, headers={"HX-Redirect": url_for("auth.sign_in")})
    return redirect(url_for("auth.sign_in", next=target if target != "/" else None))


def _is_program() -> bool:
    """Whether a program reads the answer: one of others, or a script of our own pages."""
    accepted = request.accept_mimetypes
    return request.path.startswith(("/api/", "/live/")) or (accepted.accept_json and not accepted.accept_html)
