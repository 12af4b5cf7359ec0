"""Proving again who one is, before acts that a borrowed screen must not do. What was typed is not lost."""

from urllib.parse import urlsplit

from flask import Response, g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from msp.core.db import rollback
from msp.core.errors import MspError, ReauthenticationRequired
from msp.core.web import errors
from msp.core.web.gates import SIGNED_IN, gated
from tenants import access
from tenants.identity import sign_in as identity
from tenants.views.blueprints import auth, fresh_token, local_path, page

CARRIED = "carried."
# never echoed into a page
SECRET_FIELDS = frozenset({"csrf_token", "password", "again", "code"})


def ask(error: ReauthenticationRequired) -> ResponseReturnValue:
    """The answer to a request that needs a fresh sign-in: the page that asks for it, holding what was posted."""
    rollback()
    if g.get("session") is None:
        return errors.problem(error)
    if request.headers.get("HX-Request"):
        back = urlsplit(request.headers.get("HX-Current-URL", "/"))
        there = url_for("auth.confirm", next=local_path(f"{back.path}?{back.query}".rstrip("?")))
        return Response(status=403, headers={"HX-Redirect": there})
    target = request.full_path.rstrip("?")
    if request.method != "POST":
        return redirect(url_for("auth.confirm", next=target), 303)
    carried = [(name, value) for name, value in request.form.items(multi=True) if name not in SECRET_FIELDS]
    return page("auth/confirm.html", error, target=local_path(target), carried=carried, is_post=True)


@auth.route("/confirm", methods=["GET", "POST"])
@gated(SIGNED_IN)
def confirm() -> ResponseReturnValue:
    target, is_post = local_path(request.values.get("next")), "post" in request.form
    carried = [
        (name.removeprefix(CARRIED), value)
        for name, value in request.form.items(multi=True)
        if name.startswith(CARRIED) and name.removeprefix(CARRIED) not in SECRET_FIELDS
    ]
    if request.method != "POST":
        return page("auth/confirm.html", target=target, carried=[], is_post=False)
    token, token_hash = fresh_token()
    try:
        identity.confirm(
            g.session.e_mail, request.form.get("password", ""), request.form.get("code", ""), token_hash=token_hash,
            at=access.visit(), by=g.actor,
        )  # fmt: skip
    except MspError as error:
        return page("auth/confirm.html", error, target=target, carried=carried, is_post=is_post)
    access.cookie().renew(token)
    if is_post:
        return page("auth/carry_on.html", target=target, carried=carried)
    return redirect(target, 303)
