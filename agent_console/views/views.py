"""Saved views: the query of the queue kept under a name, for oneself, a team or everybody."""

from typing import Any
from uuid import UUID

from flask import g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from agent_console import answers, forms, notices, saved_views
from agent_console.blueprint import console_blueprint
from msp.core.db import savepoint
from msp.core.errors import MspError
from msp.itsm.tickets.views import queries, services
from tenants.permissions import Permission

blueprint = console_blueprint("views", "/queue/views")
WORDS = {"personal": "Only you", "global": "Everybody"}


@blueprint.get("")
def page() -> ResponseReturnValue:
    return _page(typed={"query": request.args.get("q", saved_views.DEFAULT.query), "for": "personal"})


@blueprint.post("")
def save() -> ResponseReturnValue:
    sent = request.form
    audience, _, team = sent.get("for", "").partition(":")
    try:
        with savepoint():
            made = services.save_view(
                forms.text(sent, "name"), forms.text(sent, "query"), by=g.actor, audience=audience,
                team_id=forms.one_id(forms.Form({"for": team}), "for"),
            )  # fmt: skip
    except answers.REFUSED as error:
        return _page(error, typed=sent)
    notices.say(f"“{made.name}” stands beside the queue.")
    return redirect(url_for("queue.page", q=made.query), 303)


@blueprint.post("/<uuid:view_id>")
def change(view_id: UUID) -> ResponseReturnValue:
    sent = request.form
    try:
        with savepoint():
            services.change_view(
                view_id, version=forms.number(sent, "version") or 0, by=g.actor, name=forms.text(sent, "name"),
                query=forms.text(sent, "query"),
            )  # fmt: skip
    except answers.REFUSED as error:
        return _page(error, typed=sent, wrong=view_id)
    notices.say("Saved.")
    return redirect(url_for("views.page"), 303)


@blueprint.post("/<uuid:view_id>/remove")
def remove(view_id: UUID) -> ResponseReturnValue:
    try:
        with savepoint():
            gone = services.remove_view(view_id, version=forms.number(request.form, "version") or 0, by=g.actor)
    except answers.REFUSED as error:
        return _page(error)
    notices.say(f"“{gone.name}” is removed.", undo_url=url_for("views.restore", view_id=view_id))
    return redirect(url_for("views.page"), 303)


@blueprint.post("/<uuid:view_id>/restore")
def restore(view_id: UUID) -> ResponseReturnValue:
    with savepoint():
        back = services.restore_view(view_id, by=g.actor)
    notices.say(f"“{back.name}” is back.")
    return redirect(url_for("views.page"), 303)


@blueprint.post("/<uuid:view_id>/move")
def move(view_id: UUID) -> ResponseReturnValue:
    """One place up, or down."""
    with savepoint():
        services.move_view(view_id, up=request.form.get("to") == "up", by=g.actor)
    return redirect(url_for("views.page"), 303)


def _page(error: MspError | None = None, typed: Any = None, wrong: UUID | None = None) -> ResponseReturnValue:
    g.pop("saved_views", None)
    teams = queries.own_teams(by=g.actor)
    names = {team.id: team.name for team in teams}
    keeps_all = g.actor.may(Permission.TEAM_MANAGE)
    options = [("personal", "Only me"), *((f"team:{team.id}", f"Team {team.name}") for team in teams)]
    return answers.page(
        "console/views/page.html", error, rows=saved_views.stored(), typed=typed or {"for": "personal"}, wrong=wrong,
        options=[*options, *([("global", "Everybody")] if keeps_all else [])], keeps_all=keeps_all,
        whom=lambda row: names.get(row.team_id) or WORDS.get(row.audience, "A team"),
        longest=(services.LONGEST_NAME, services.LONGEST_QUERY),
    )  # fmt: skip
