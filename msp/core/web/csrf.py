"""CSRF: every unsafe request that a browser's cookie signs carries the token of its form."""

from flask import Flask, current_app, g, request
from flask_wtf.csrf import CSRFError, CSRFProtect

from msp.core.errors import BadRequest
from msp.core.web.gates import gate_of

protect = CSRFProtect()
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class CsrfRefused(BadRequest):
    code, title = "csrf", "This form has expired; load the page again and repeat the step"


def init_app(app: Flask) -> None:
    """Give templates `csrf_token()`; `check` runs with the gates."""
    protect.init_app(app)


def check() -> None:
    """Before an unsafe request: a token in the form or in `X-CSRFToken`, unless an API token or one of its own signs it."""
    if request.method in _SAFE or g.get("is_token_request") or _carries_its_own():
        return
    if any(name is None for name in request.form):  # a part without a name, on which Flask-WTF stumbles
        raise BadRequest("A part of this form has no name.")
    try:
        protect.protect()
    except CSRFError as error:
        raise CsrfRefused from error


def _carries_its_own() -> bool:
    gate = gate_of(current_app, request.endpoint) if request.endpoint else None
    return gate is not None and gate.by_token
