"""One's own account: name, how the console looks, password."""

from flask import g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from msp.core.errors import MspError
from tenants import access
from tenants.identity import profile
from tenants.views.blueprints import account, account_page, fresh_token
from tenants.views.links import chosen_password


@account.route("", methods=["GET", "POST"])
def overview() -> ResponseReturnValue:
    if request.method != "POST":
        return _overview()
    try:
        profile.rename(request.form.get("name", ""), by=g.actor)
    except MspError as error:
        return _overview(error)
    return redirect(url_for("account.overview", saved="name"), 303)


@account.post("/preferences")
def preferences() -> ResponseReturnValue:
    form = request.form
    try:
        profile.set_preferences(
            theme=form.get("theme", ""), density=form.get("density", ""), has_keys="has_keys" in form, by=g.actor
        )
    except MspError as error:
        return _overview(error)
    return redirect(url_for("account.overview", saved="preferences"), 303)


@account.route("/password", methods=["GET", "POST"])
def password() -> ResponseReturnValue:
    access.require_recent_sign_in()
    if request.method != "POST":
        return account_page("account/password.html", saved="saved" in request.args)
    token, token_hash = fresh_token()
    try:
        profile.change_password(chosen_password(), by=g.actor, company=g.host.name, token_hash=token_hash)
    except MspError as error:
        return account_page("account/password.html", error)
    access.cookie().renew(token)
    return redirect(url_for("account.password", saved="1"), 303)


def _overview(error: MspError | None = None) -> ResponseReturnValue:
    own = profile.own_row(g.actor)
    chosen = {"theme": "system", "density": "compact", "has_keys": True} | g.session.preferences
    return account_page(
        "account/overview.html", error, name=request.form.get("name", own.name), e_mail=g.session.e_mail, chosen=chosen,
        saved=request.args.get("saved", ""),
    )  # fmt: skip
