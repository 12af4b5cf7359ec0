"""Answers to forms: the page again with what was typed and what is wrong with it, under the status of the refusal."""

from typing import Any

from flask import Response, make_response, render_template

from msp.core.errors import Conflict, Forbidden, Invalid, MspError

REFUSED = (Conflict, Forbidden, Invalid)


def page(template: str, error: MspError | None = None, **context: Any) -> Response:
    """A page; `errors` are by field name, `refusal` is what no field can say."""
    errors = errors_of(error)
    refusal = error.message if error and not errors else ""
    html = render_template(template, errors=errors, refusal=refusal, **context)
    return make_response(html, error.status if error else 200)


def errors_of(error: MspError | None) -> dict[str, str]:
    """What is wrong, by the name of the field."""
    return {each.pointer.strip("/"): each.message for each in error.errors} if error else {}
