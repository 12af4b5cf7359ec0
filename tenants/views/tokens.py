"""API tokens of one's own."""

from uuid import UUID

from flask import g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from msp.core.errors import Invalid, MspError
from tenants import access, queries
from tenants.identity import api_tokens
from tenants.views.blueprints import account, account_page

DAYS = (30, 90, 365)


@account.route("/tokens", methods=["GET", "POST"])
def tokens() -> ResponseReturnValue:
    access.require_recent_sign_in()
    if request.method != "POST":
        return _page()
    form = request.form
    try:
        made = api_tokens.create(
            form.get("name", ""), form.getlist("scopes"), days=_number(form.get("days", "")), by=g.actor,
            client_ids=_ids(form.getlist("client_ids")),
        )  # fmt: skip
    except MspError as error:
        return _page(error)
    return _page(made=made)


@account.post("/tokens/<uuid:token_id>/revoke")
def revoke_token(token_id: UUID) -> ResponseReturnValue:
    access.require_recent_sign_in()
    api_tokens.revoke(token_id, by=g.actor)
    return redirect(url_for("account.tokens"), 303)


def _page(error: MspError | None = None, *, made: str | None = None) -> ResponseReturnValue:
    clients = queries.clients(by=g.actor) if g.actor.is_agent else []
    names = {client.id: client.name for client in clients}
    return account_page(
        "account/tokens.html", error, tokens=api_tokens.own_tokens(), made=made, days=DAYS, areas=api_tokens.AREAS,
        offered=api_tokens.offered_scopes(by=g.actor), clients=clients, names=names,
        form=request.form if error else {},
    )  # fmt: skip


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 5 else 0


def _ids(texts: list[str]) -> list[UUID]:
    try:
        return [UUID(text) for text in texts if text]
    except ValueError:
        raise Invalid.field("client_ids", "Choose from the clients offered.", "unknown") from None
