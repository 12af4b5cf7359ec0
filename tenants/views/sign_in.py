"""Signing in and out, and the second step."""

from flask import g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from msp.core.errors import MspError
from msp.core.web.gates import SIGNED_IN, gated
from tenants import access
from tenants.identity import sign_in as identity
from tenants.views.blueprints import auth, fresh_token, local_path, page

NOTICES = {
    "signed-out": "You are signed out.",
    "password": "Your password is changed. Sign in with the new one.",
}


@auth.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> ResponseReturnValue:
    target = local_path(request.values.get("next"))
    e_mail = request.form.get("e_mail", "").strip()
    if request.method != "POST":
        if g.actor:
            return redirect(target)
        notice = NOTICES.get(request.args.get("notice", ""))
        return page("auth/sign_in.html", target=target, e_mail="", notice=notice)
    token, token_hash = fresh_token()
    try:
        is_in = identity.sign_in(e_mail, request.form.get("password", ""), token_hash=token_hash, at=access.visit())
    except MspError as error:
        return page("auth/sign_in.html", error, target=target, e_mail=e_mail)
    _leave_old_session()
    access.cookie().renew(token)
    return redirect(target if is_in else url_for("auth.second_step", next=target), 303)


@auth.route("/sign-in/code", methods=["GET", "POST"])
def second_step() -> ResponseReturnValue:
    target = local_path(request.values.get("next"))
    if g.actor:
        return redirect(target, 303)
    own, at = access.cookie(), access.visit()
    is_recovery = "recovery" in request.values
    try:
        if request.method != "POST":
            identity.awaited_second_step(own.token_hash, at=at)
            return page("auth/second_step.html", target=target, is_recovery=is_recovery)
        token, token_hash = fresh_token()
        identity.second_step(request.form.get("code", ""), step_hash=own.token_hash, token_hash=token_hash, at=at)
    except identity.SecondStepOver:
        return redirect(url_for("auth.sign_in", next=target), 303)
    except MspError as error:
        return page("auth/second_step.html", error, target=target, is_recovery=is_recovery)
    own.renew(token)
    return redirect(target, 303)


@auth.post("/sign-out")
@gated(SIGNED_IN)
def sign_out() -> ResponseReturnValue:
    _leave_old_session()
    access.cookie().drop()
    return redirect(url_for("auth.sign_in", notice="signed-out"), 303)


def _leave_old_session() -> None:
    """End the session that this browser has, if any: one browser, one session."""
    own = access.cookie()
    if g.session is not None and own.token_hash:
        identity.sign_out(own.token_hash, person_id=g.session.person_id, at=access.visit())
