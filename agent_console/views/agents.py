"""Agents: who works here, as what, for which clients, and when."""

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from agent_console import answers, forms, notices
from agent_console.editor import calendars
from agent_console.editor.fields import typed_days
from agent_console.places import agents as blueprint
from msp.core import clock
from msp.core.db import savepoint
from msp.core.errors import Invalid, MspError, NotFound
from msp.core.web.gates import Gate, gated
from msp.itsm.sla import describe
from tenants import access, hosts, listing, say, skills
from tenants import queries as tenants
from tenants.availability import queries as availability
from tenants.availability import services as availability_services
from tenants.identity import links, second_factor
from tenants.models import Agent
from tenants.permissions import AGENT_ROLES, ROLE_WORDS, Permission
from tenants.services import people

MANAGE = Gate("agent", Permission.AGENT_MANAGE)
CONSOLE = Gate("agent", Permission.CONSOLE_USE)
MOST_SKILLS_SHOWN = 20
ROLE_HINTS = {
    "admin": "everything, rights of others included", "lead": "works tickets, leads teams, canned replies, announcements",
    "agent": "works tickets", "problem_manager": "works tickets and problems", "change_manager": "works tickets and changes",
    "account_manager": "service levels, reports and people of clients", "billing": "contracts and invoices",
    "read_only": "looks, changes nothing",
}  # fmt: skip


@blueprint.get("")
@gated(MANAGE)
def page() -> ResponseReturnValue:
    text, former = request.args.get("q", "").strip()[:100], "former" in request.args
    found = listing.agents(text, cursor=request.args.get("cursor"), with_former=former)

    def url(cursor: str | None) -> str:
        return url_for("agents.page", q=text or None, former=former or None, cursor=cursor) if cursor else ""

    return render_template(
        "console/agents/page.html", agents=found.rows, text=text, former=former, words=ROLE_WORDS,
        reach=_reach([agent for agent in found.rows if agent.is_limited]), next_url=url(found.next),
        previous_url=url(found.previous), duties=availability.duties([agent.id for agent in found.rows], since=clock.now()),
        now=clock.now(),
    )  # fmt: skip


@blueprint.route("/new", methods=["GET", "POST"])
@gated(MANAGE)
def add() -> ResponseReturnValue:
    access.require_recent_sign_in()
    if request.method != "POST":
        return _form()
    sent = request.form
    try:
        with savepoint():
            made = people.add_agent(
                forms.text(sent, "name"), forms.text(sent, "e_mail") or None, by=g.actor, roles=sent.getlist("roles"),
                client_ids=forms.ids(sent, "clients") if "is_limited" in sent else None,
                time_zone=_zone(sent), skills=skills.split(forms.text(sent, "skills")),
            )  # fmt: skip
            if "invite" in sent and made.e_mail:
                links.invite_agent(made.id, by=g.actor)
    except answers.REFUSED as error:
        return _form(error=error, typed=sent)
    notices.say(f"{made.name} is added{', and invited by mail' if 'invite' in sent and made.e_mail else ''}.")
    return redirect(url_for("agents.page"), 303)


@blueprint.get("/<uuid:agent_id>")
@gated(MANAGE)
def agent(agent_id: UUID) -> ResponseReturnValue:
    return _form(tenants.visible_agent(agent_id, by=g.actor))


@blueprint.post("/<uuid:agent_id>")
@gated(MANAGE)
def change(agent_id: UUID) -> ResponseReturnValue:
    access.require_recent_sign_in()
    shown, sent = tenants.visible_agent(agent_id, by=g.actor), request.form
    try:
        with savepoint():
            people.change_agent(agent_id, version=forms.number(sent, "version") or 0, by=g.actor, **_changes(shown, sent))
    except answers.REFUSED as error:
        return _form(tenants.visible_agent(agent_id, by=g.actor), error, sent)
    notices.say("Saved.")
    return redirect(url_for("agents.agent", agent_id=agent_id), 303)


@blueprint.post("/<uuid:agent_id>/standing")
@gated(MANAGE)
def change_standing(agent_id: UUID) -> ResponseReturnValue:
    """Sign an agent out for good, or let him in again."""
    access.require_recent_sign_in()
    shown, is_active = tenants.visible_agent(agent_id, by=g.actor), request.form.get("active") == "1"
    try:
        with savepoint():
            version = forms.number(request.form, "version") or 0
            people.change_agent(agent_id, version=version, by=g.actor, is_active=is_active)
    except answers.REFUSED as error:
        return _form(tenants.visible_agent(agent_id, by=g.actor), error)
    notices.say(f"{shown.name} can enter again." if is_active else f"{shown.name} is signed out and cannot enter any more.")
    return redirect(url_for("agents.agent", agent_id=agent_id), 303)


@blueprint.post("/<uuid:agent_id>/invite")
@gated(MANAGE)
def invite(agent_id: UUID) -> ResponseReturnValue:
    """Mail an invitation; or show its link once, to those who may grant whatever it opens."""
    access.require_recent_sign_in()
    shown = tenants.visible_agent(agent_id, by=g.actor)
    try:
        with savepoint():
            if request.form.get("how") == "link":
                if shown.person_id is None:
                    raise NotFound
                token = people.invitation_link(shown.person_id, shown.tenant_id, by=g.actor)
                return _form(shown, link=hosts.url_of(shown.tenant_id, f"/invitation/{token}"))
            links.invite_agent(agent_id, by=g.actor)
    except answers.REFUSED as error:
        return _form(shown, error)
    notices.say(f"An invitation goes to {shown.e_mail}; it is good for 72 hours.")
    return redirect(url_for("agents.agent", agent_id=agent_id), 303)


@blueprint.post("/<uuid:agent_id>/second-factor")
@gated(MANAGE)
def forget_second_factor(agent_id: UUID) -> ResponseReturnValue:
    """For somebody who lost telephone and recovery codes."""
    access.require_recent_sign_in()
    shown = tenants.visible_agent(agent_id, by=g.actor)
    try:
        with savepoint():
            second_factor.remove_for_agent(agent_id, by=g.actor)
    except answers.REFUSED as error:
        return _form(shown, error)
    notices.say(f"{shown.name} signs in with the password alone.")
    return redirect(url_for("agents.agent", agent_id=agent_id), 303)


# --- When somebody works ----------------------------------------------------------------------------------------------


@blueprint.get("/<uuid:agent_id>/hours")
@gated(CONSOLE)
def hours(agent_id: UUID) -> ResponseReturnValue:
    return _hours(_worker(agent_id))


@blueprint.post("/<uuid:agent_id>/hours")
@gated(CONSOLE)
def change_hours(agent_id: UUID) -> ResponseReturnValue:
    """Save the week; without script, also a row more or less."""
    shown, sent = _worker(agent_id), request.form
    act = sent.get("act", "save")
    if act.startswith(("add:", "remove:")):
        return _hours(shown, form=calendars.change_rows(sent, act))
    week = {day: pairs for day, pairs in calendars.hours(sent).items() if pairs}
    try:
        with savepoint():
            always = "always" in sent
            availability_services.set_week(agent_id, None if always else week, time_zone=_zone(sent), by=g.actor)
    except answers.REFUSED as error:
        return _hours(shown, error, sent)
    notices.say("The week is saved.")
    return redirect(url_for("agents.hours", agent_id=agent_id), 303)


@blueprint.post("/<uuid:agent_id>/absences")
@gated(CONSOLE)
def change_absences(agent_id: UUID) -> ResponseReturnValue:
    """Add an absence, or take one back."""
    shown, sent = _worker(agent_id), request.form
    try:
        with savepoint():
            if removed := forms.one_id(sent, "absence"):
                availability_services.remove_absence(removed, by=g.actor)
            else:
                tz = ZoneInfo(shown.time_zone)
                first, last = forms.moment(sent, "from_at", tz), forms.moment(sent, "to_at", tz)
                reason = forms.text(sent, "reason")[:200] or None
                availability_services.add_absence(agent_id, first, last, by=g.actor, reason=reason)
    except answers.REFUSED as error:
        return _hours(shown, error, typed=sent)
    notices.say("Saved.")
    return redirect(url_for("agents.hours", agent_id=agent_id), 303)


def _worker(agent_id: UUID) -> Agent:
    """Oneself, or anybody for whoever manages teams."""
    if agent_id != g.actor.id:
        g.actor.require(Permission.TEAM_MANAGE)
    return tenants.visible_agent(agent_id, by=g.actor)


def _hours(shown: Agent, error: MspError | None = None, form: forms.Form | None = None, typed: Any = None) -> ResponseReturnValue:
    week = availability.working_week(shown.id)
    stored = calendars.to_form({"tz": week.time_zone if week else shown.time_zone, "hours": (week and week.hours) or {}})
    return answers.page(
        "console/agents/hours.html", error, agent=shown, days=typed_days(form or stored, {}), zones=describe.zone_names(),
        time_zone=(form or stored).get("time_zone") or stored["tz"], always="always" in form if form else not (week and week.hours),
        absences=availability.absences(shown.id, since=clock.now()), typed=typed or {}, tz=ZoneInfo(shown.time_zone),
    )  # fmt: skip


# --- The form of an agent ---------------------------------------------------------------------------------------------


def _zone(sent: forms.Form) -> str:
    zone = sent.get("time_zone", "").strip() or "UTC"
    if zone not in describe.zone_names():
        raise Invalid.field("time_zone", f"There is no time zone {zone[:60]}; an example is Europe/Berlin.", "unknown")
    return zone


def _changes(shown: Agent, sent: forms.Form) -> dict[str, Any]:
    """What is other than stored: rights that stay as they are end no session."""
    roles, is_limited, chosen = sent.getlist("roles"), "is_limited" in sent, forms.ids(sent, "clients")
    changes: dict[str, Any] = {"name": forms.text(sent, "name")}
    if "skills" in sent:
        changes["skills"] = skills.split(forms.text(sent, "skills"))
    if set(roles) != set(shown.roles):
        changes["roles"] = roles
    if is_limited != shown.is_limited:
        changes["is_limited"] = is_limited
    if is_limited and set(chosen) != set(tenants.client_ids_of(shown.id)):
        changes["client_ids"] = chosen
    return changes


def _form(shown: Agent | None = None, error: MspError | None = None, typed: Any = None, link: str = "") -> ResponseReturnValue:
    return answers.page(
        "console/agents/agent.html", error, agent=shown, typed=_typed(shown, typed), link=link, zones=describe.zone_names(),
        roles=[(role, ROLE_WORDS[role], ROLE_HINTS[role]) for role in AGENT_ROLES],
        clients=[(str(client.id), client.name) for client in tenants.clients(by=g.actor)],
        sees_link=say.may_see_invitations(by=g.actor), may_change=shown is None or say.may_change(shown, by=g.actor),
        in_use=skills.in_use()[:MOST_SKILLS_SHOWN], has_factor=shown is not None and second_factor.is_removable(shown, by=g.actor),
    )  # fmt: skip


def _typed(shown: Agent | None, sent: Any) -> dict[str, Any]:
    """The values of the fields: as sent, as stored, or as a new agent begins."""
    if sent is not None:
        return {
            "name": sent.get("name", ""), "e_mail": sent.get("e_mail", ""), "time_zone": sent.get("time_zone", ""),
            "roles": sent.getlist("roles"), "is_limited": "is_limited" in sent, "clients": sent.getlist("clients"),
            "skills": sent.get("skills", ""),
        }  # fmt: skip
    if shown is None:
        return {"roles": ["agent"], "clients": [], "time_zone": g.session.time_zone}
    return {
        "name": shown.name, "e_mail": shown.e_mail or "", "time_zone": shown.time_zone, "roles": shown.roles,
        "skills": ", ".join(shown.skills), "is_limited": shown.is_limited, "clients": [str(id) for id in tenants.client_ids_of(shown.id)],
    }  # fmt: skip


def _reach(limited: list[Agent]) -> dict[UUID, list[str]]:
    """Names of the clients that limited agents may see, as far as the reader sees them too."""
    found: dict[UUID, list[str]] = {}
    for agent_id, name in tenants.reach_of([agent.id for agent in limited], by=g.actor):
        found.setdefault(agent_id, []).append(name)
    return found
