"""The two blueprints and what their views share."""

from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, g, make_response, render_template

from msp.core.app import this_app
from msp.core.auth import tokens
from msp.core.errors import Forbidden, MspError
from msp.core.web.gates import SIGNED_IN, open_to_all

auth = Blueprint("auth", __name__, template_folder="../templates")
auth.gate = open_to_all("the way in: nobody is signed in yet")  # type: ignore[attr-defined]  # read by core.web.gates
account = Blueprint("account", __name__, url_prefix="/account", template_folder="../templates")
account.gate = SIGNED_IN  # type: ignore[attr-defined]  # read by core.web.gates


class PortalClosed(Forbidden):
    """The client is suspended; said on every page before anybody is looked up, so it tells nothing about people."""

    code, title = "suspended", "This portal is closed at present"


@auth.before_request
def require_open() -> None:
    """A suspended client's portal lets nobody in."""
    if g.host.status != "active":
        raise PortalClosed(f"Ask {g.host.provider_name}.")


@auth.after_request
def keep_private(response: Response) -> Response:
    """These pages carry form tokens, and some of their addresses are secrets."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def local_path(wanted: str | None) -> str:
    """Where to go afterwards: a path on this host, `/` for anything else."""
    if not wanted or not wanted.startswith("/") or wanted.startswith(("//", "/sign-")):
        return "/"
    # Browsers read a backslash as a slash and drop line breaks and tabs, so that `/\evil` would leave.
    if "\\" in wanted or any(ord(character) < 33 or ord(character) == 127 for character in wanted):
        return "/"
    parts = urlsplit(wanted)
    return wanted if not parts.scheme and not parts.netloc else "/"


def fresh_token() -> tuple[str, str]:
    """A new session token and its hash; the browser gets it by `cookie().renew(token)` once it is worth something."""
    token = tokens.new_token()
    return token, tokens.token_hash(token)


def account_page(template: str, error: MspError | None = None, **context: Any) -> Response:
    """A page of one's own account, in the frame of the surface."""
    return page(template, error, frame=f"account/{this_app().surface}.html", **context)


def page(template: str, error: MspError | None = None, **context: Any) -> Response:
    """A page; with an error its fields are marked, and it has the error's status."""
    errors = {wrong.pointer.strip("/"): wrong.message for wrong in error.errors} if error else {}
    html = render_template(template, refusal=error, errors=errors, surface=this_app().surface, **context)
    response = make_response(html, error.status if error else 200)
    if error and (wait := error.details.get("retry_after")):
        response.headers["Retry-After"] = str(int(wait))
    return response
