"""Invitation, forgotten password, new password. GET shows, POST acts: mail scanners follow links."""

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from msp.core.errors import FieldError, Invalid, MspError, NotFound
from tenants import access
from tenants.identity import links
from tenants.views.blueprints import auth, fresh_token, page


@auth.route("/forgotten", methods=["GET", "POST"])
def forgotten() -> ResponseReturnValue:
    e_mail = request.form.get("e_mail", "").strip()
    if request.method != "POST":
        return page("auth/forgotten.html", e_mail="", is_sent=False)
    try:
        links.request_reset(e_mail, at=access.visit())
    except MspError as error:
        return page("auth/forgotten.html", error, e_mail=e_mail, is_sent=False)
    return page("auth/forgotten.html", e_mail=e_mail, is_sent=True)


@auth.route("/invitation/<token>", methods=["GET", "POST"])
def invitation(token: str) -> ResponseReturnValue:
    at = access.visit()
    link = links.show(token, "invitation", at=at)
    if request.method != "POST":
        return page("auth/invitation.html", link=link)
    session_token, session_hash = fresh_token()
    try:
        links.accept_invitation(token, chosen_password(), token_hash=session_hash, at=at)
    except NotFound:
        raise
    except MspError as error:
        return page("auth/invitation.html", error, link=link)
    access.cookie().renew(session_token)
    return redirect("/", 303)


@auth.route("/reset/<token>", methods=["GET", "POST"])
def reset(token: str) -> ResponseReturnValue:
    at = access.visit()
    link = links.show(token, "reset", at=at)
    if request.method != "POST":
        return page("auth/reset.html", link=link)
    try:
        links.reset_password(token, chosen_password(), at=at)
    except NotFound:
        raise
    except MspError as error:
        return page("auth/reset.html", error, link=link)
    return redirect(url_for("auth.sign_in", notice="password"), 303)


def chosen_password() -> str:
    """The new password, typed twice; Invalid where the two differ."""
    password, again = request.form.get("password", ""), request.form.get("again", "")
    if password != again:
        raise Invalid(errors=[FieldError("/again", "different", "The two passwords are not the same.")])
    return password
