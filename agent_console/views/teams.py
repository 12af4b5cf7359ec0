"""Teams: who is in them, who leads, and who is on call."""

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from agent_console import answers, forms, notices
from agent_console.places import teams as blueprint
from msp.core import clock
from msp.core.db import savepoint
from msp.core.errors import Invalid, MspError
from msp.core.web.gates import Gate, gated
from msp.itsm.sla import describe
from tenants import queries as tenants
from tenants.availability import queries as availability
from tenants.availability import services as rotas
from tenants.availability.models import Rota
from tenants.models import Team
from tenants.permissions import Permission
from tenants.services import people

MANAGE = Gate("agent", Permission.TEAM_MANAGE)
_TURNS = 8


@blueprint.get("")
def page() -> ResponseReturnValue:
    return _page()


@blueprint.post("")
@gated(MANAGE)
def add() -> ResponseReturnValue:
    sent = request.form
    try:
        with savepoint():
            e_mail = forms.text(sent, "e_mail")
            made = people.add_team(forms.text(sent, "name"), by=g.actor, e_mail=people.checked_e_mail(e_mail) if e_mail else None)
    except answers.REFUSED as error:
        return _page(error, sent)
    notices.say(f"{made.name} is added. Say who is in it.")
    return redirect(url_for("teams.team", team_id=made.id), 303)


@blueprint.get("/<uuid:team_id>")
def team(team_id: UUID) -> ResponseReturnValue:
    return _team(tenants.visible_team(team_id, by=g.actor))


@blueprint.post("/<uuid:team_id>")
@gated(MANAGE)
def change(team_id: UUID) -> ResponseReturnValue:
    sent = request.form
    try:
        with savepoint():
            people.change_team(
                team_id, version=forms.number(sent, "version") or 0, by=g.actor, name=forms.text(sent, "name"),
                e_mail=forms.text(sent, "e_mail") or None, is_active="is_active" in sent,
            )  # fmt: skip
    except answers.REFUSED as error:
        return _team(tenants.visible_team(team_id, by=g.actor), error, sent)
    notices.say("Saved.")
    return redirect(url_for("teams.team", team_id=team_id), 303)


@blueprint.post("/<uuid:team_id>/members")
@gated(MANAGE)
def set_members(team_id: UUID) -> ResponseReturnValue:
    """Who is in the team, and which of them lead it."""
    sent = request.form
    try:
        with savepoint():
            leads = set(forms.ids(sent, "leads"))
            members = {agent_id: agent_id in leads for agent_id in forms.ids(sent, "members")}
            people.set_members(team_id, members, by=g.actor)
    except answers.REFUSED as error:
        return _team(tenants.visible_team(team_id, by=g.actor), error)
    notices.say("The team is saved.")
    return redirect(url_for("teams.team", team_id=team_id), 303)


@blueprint.post("/<uuid:team_id>/rota")
@gated(MANAGE)
def change_rota(team_id: UUID) -> ResponseReturnValue:
    """Who is on call, in turn."""
    sent = request.form
    try:
        with savepoint():
            rotas.set_rota(
                team_id, forms.ids(sent, "turns"), starts_on=forms.day(sent, "starts_on"),
                time_zone=sent.get("time_zone", "").strip(), by=g.actor, hand_over=sent.get("hand_over", "").strip(),
                period_days=forms.number(sent, "period_days") or 0, version=forms.number(sent, "version"),
            )  # fmt: skip
    except answers.REFUSED as error:
        return _team(tenants.visible_team(team_id, by=g.actor), error, rota_typed=sent)
    notices.say("The rota is saved.")
    return redirect(url_for("teams.team", team_id=team_id), 303)


@blueprint.post("/<uuid:team_id>/swaps")
@gated(MANAGE)
def change_swaps(team_id: UUID) -> ResponseReturnValue:
    """Somebody else takes over for a while; or the turn stands again."""
    sent, shown = request.form, tenants.visible_team(team_id, by=g.actor)
    try:
        with savepoint():
            if removed := forms.one_id(sent, "swap"):
                rotas.remove_swap(removed, by=g.actor)
            else:
                tz = ZoneInfo(rota.time_zone) if (rota := availability.rota(shown.id)) else ZoneInfo("UTC")
                agent_id = forms.one_id(sent, "agent")
                if agent_id is None:
                    raise Invalid.field("agent", "Say who takes over.", "required")
                rotas.add_swap(team_id, agent_id, forms.moment(sent, "from_at", tz), forms.moment(sent, "to_at", tz), by=g.actor)
    except answers.REFUSED as error:
        return _team(shown, error, swap_typed=sent)
    notices.say("Saved.")
    return redirect(url_for("teams.team", team_id=team_id), 303)


def _page(error: MspError | None = None, typed: Any = None) -> ResponseReturnValue:
    found = tenants.teams(active_only=False)
    now = clock.now()
    turns = availability.turns([team.id for team in found], since=now)
    on_call = {team_id: turn.agent_at(now) for team_id, turn in turns.items()}
    return answers.page(
        "console/teams/page.html", error, teams=found, sizes=tenants.team_sizes(), on_call=on_call,
        names={agent.id: agent for agent in tenants.agents(active_only=False)} if on_call else {}, typed=typed or {},
        may_edit=g.actor.may(Permission.TEAM_MANAGE),
    )  # fmt: skip


def _team(
    shown: Team, error: MspError | None = None, typed: Any = None, rota_typed: Any = None, swap_typed: Any = None
) -> ResponseReturnValue:
    now, agents = clock.now(), tenants.agents()
    rota, turn = availability.rota(shown.id), availability.turns([shown.id], since=now).get(shown.id)
    members = tenants.members(shown.id)
    return answers.page(
        "console/teams/team.html", error, team=shown, members={row.Agent.id: row.is_lead for row in members}, agents=agents,
        typed=typed or {"name": shown.name, "e_mail": shown.e_mail or "", **({"is_active": "1"} if shown.is_active else {})},
        rota=rota, rota_typed=rota_typed or _rota_fields(rota), turns=_TURNS, turn_ids=_typed_turns(rota, rota_typed),
        on_call=turn.agent_at(now) if turn else None, swaps=availability.swaps(shown.id, since=now), swap_typed=swap_typed or {},
        names={agent.id: agent for agent in agents}, zones=describe.zone_names(), may_edit=g.actor.may(Permission.TEAM_MANAGE),
        tz=ZoneInfo(rota.time_zone) if rota else ZoneInfo("UTC"), now=now,
    )  # fmt: skip


def _rota_fields(rota: Rota | None) -> dict[str, Any]:
    if rota is None:
        return {"time_zone": g.session.time_zone, "hand_over": "09:00", "period_days": 7, "starts_on": clock.now().date().isoformat()}
    return {
        "time_zone": rota.time_zone, "hand_over": rota.hand_over, "period_days": rota.period_days,
        "starts_on": rota.starts_on.isoformat(),
    }  # fmt: skip


def _typed_turns(rota: Rota | None, sent: Any) -> list[str]:
    """The agents of the turns, as many as the form has."""
    chosen = list(sent.getlist("turns")) if sent is not None else [str(id) for id in (rota.agent_ids if rota else ())]
    return [*chosen, *[""] * max(2, _TURNS - len(chosen))]
