"""Setting up, renewing and removing the second factor; every page of it needs a fresh sign-in."""

from flask import g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from msp.core.auth import totp
from msp.core.errors import MspError
from tenants import access
from tenants.identity import second_factor as identity
from tenants.views.blueprints import account, account_page, fresh_token


@account.get("/second-factor")
def second_factor() -> ResponseReturnValue:
    access.require_recent_sign_in()
    return _page()


@account.post("/second-factor/begin")
def begin_second_factor() -> ResponseReturnValue:
    access.require_recent_sign_in()
    identity.begin(by=g.actor)
    return redirect(url_for("account.second_factor"), 303)


@account.post("/second-factor/confirm")
def confirm_second_factor() -> ResponseReturnValue:
    access.require_recent_sign_in()
    token, token_hash = fresh_token()
    try:
        codes = identity.confirm(request.form.get("code", ""), by=g.actor, token_hash=token_hash)
    except MspError as error:
        return _page(error)
    access.cookie().renew(token)
    return account_page("account/recovery_codes.html", codes=codes, is_new=True)


@account.post("/second-factor/codes")
def new_recovery_codes() -> ResponseReturnValue:
    access.require_recent_sign_in()
    return account_page("account/recovery_codes.html", codes=identity.new_recovery_codes(by=g.actor), is_new=False)


@account.post("/second-factor/remove")
def remove_second_factor() -> ResponseReturnValue:
    access.require_recent_sign_in()
    token, token_hash = fresh_token()
    identity.remove(by=g.actor, token_hash=token_hash)
    access.cookie().renew(token)
    return redirect(url_for("account.second_factor", saved="removed"), 303)


def _page(error: MspError | None = None) -> ResponseReturnValue:
    own = identity.standing()
    setup = identity.setup(own, issuer=g.host.display_name)
    qr = Markup(totp.qr_svg(setup.uri, title="QR code for your authenticator")) if setup else None  # noqa: S704 - our own drawing
    return account_page(
        "account/second_factor.html", error, own=own, setup=setup, qr=qr, saved=request.args.get("saved", "")
    )
