"""People in the console: contacts of clients, agents, teams, and when somebody works."""

import re
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from msp.core import clock
from msp.core.db import db
from tenants.availability.models import Absence, Rota, Swap, WorkingWeek
from tenants.models import Agent, AgentClient, Contact, ManagedSite, Site, Team, TeamMember
from tests.support import identity, pages, world
from tests.support.pages import words
from tests.support.servers import Servers


class Now:
    """A desk in the present: confirming who one is counts minutes on the real clock."""

    def __init__(self, desk: Any) -> None:
        self.desk = desk
        self.actor = desk.actor

    def get(self, path: str) -> Any:
        return self.desk.get(path, at=clock.now())

    def post(self, path: str, **fields: Any) -> Any:
        return self.desk.post(path, at=clock.now(), **fields)


@pytest.fixture
def admin(sit: Any) -> Now:
    return Now(sit(roles=("admin",)))


def stored(app: Any, statement: Any) -> Any:
    with world.as_staff(app):
        return db.session.scalars(statement).all()


# --- Contacts ---------------------------------------------------------------------------------------------------------


def test_a_contact_is_added_and_invited(console_app: Any, servers: Servers, acme: Any, admin: Now) -> None:
    address = f"{world.unique('nina')}@acme.example"
    answer = admin.post(f"/clients/{acme.id}/people/new", name="Nina Nord", e_mail=address, roles=["requester", "approver"], invite="1")
    assert answer.status_code == 303, words(answer)
    [contact] = stored(console_app, sa.select(Contact).where(Contact.tenant_id == acme.id, Contact.name == "Nina Nord"))
    assert (contact.e_mail, contact.roles) == (address, ["approver", "requester"])
    [letter] = identity.mails(servers, address, "invitation")
    assert letter["url"].startswith(f"http://{acme.host}/invitation/")
    assert "Nina Nord" in words(admin.get(f"/clients/{acme.id}/people?q=nina"))
    assert "Nobody found" in words(admin.get(f"/clients/{acme.id}/people?q=zacharias"))


def test_what_is_wrong_with_a_contact_is_said(acme: Any, admin: Now) -> None:
    path = f"/clients/{acme.id}/people/new"
    twice = admin.post(path, name="Again", e_mail=acme.people["requester"].e_mail, roles="requester")
    assert (twice.status_code, "belongs to a contact" in words(twice)) == (422, True)
    assert pages.fields(twice.text, path)["name"] == "Again"
    assert admin.post(path, name="", e_mail="a@b.example", roles="requester").status_code == 422
    assert admin.post(path, name="No roles").status_code == 422
    assert admin.post(path, name="Bad", e_mail="nonsense", roles="requester").status_code == 422
    assert admin.post(path, name="Bad site", roles="requester", site="nonsense").status_code == 422
    assert admin.post(path, name="Foreign site", roles="requester", site=str(uuid4())).status_code == 404


def test_a_contact_is_changed_with_sites_and_roles(console_app: Any, acme: Any, admin: Now) -> None:
    admin.post(f"/clients/{acme.id}/sites", name="Docks")
    [site] = stored(console_app, sa.select(Site).where(Site.tenant_id == acme.id))
    contact = acme.people["requester"]
    path = f"/clients/{acme.id}/people/{contact.id}"
    fields = {
        "version": "1", "name": "Renamed", "job_title": "Dock lead", "roles": ["requester", "site_manager"],
        "site": str(site.id), "managed_sites": str(site.id), "phone": "", "cost_centre": "CC-1",
    }  # fmt: skip
    assert admin.post(path, **fields).status_code == 303
    [changed] = stored(console_app, sa.select(Contact).where(Contact.id == contact.id))
    assert (changed.name, changed.job_title, changed.site_id, changed.cost_centre) == ("Renamed", "Dock lead", site.id, "CC-1")
    assert changed.roles == ["requester", "site_manager"]
    assert stored(console_app, sa.select(ManagedSite.site_id).where(ManagedSite.contact_id == contact.id)) == [site.id]
    assert admin.post(path, **fields).status_code == 412
    fields |= {"version": str(changed.version), "site": "", "managed_sites": []}
    assert admin.post(path, **fields).status_code == 303
    [changed] = stored(console_app, sa.select(Contact).where(Contact.id == contact.id))
    assert changed.site_id is None


def test_saving_the_same_roles_signs_nobody_out(acme: Any, admin: Now, portal_of: Any) -> None:
    theirs, contact = portal_of(acme), acme.people["requester"]
    path = f"/clients/{acme.id}/people/{contact.id}"
    assert admin.post(path, version="1", name="Still here", roles="requester").status_code == 303
    assert theirs.get("/account").status_code == 200


def test_a_role_that_nobody_knows_any_more_is_shown_as_it_is_and_kept(console_app: Any, servers: Servers, acme: Any, admin: Now) -> None:
    contact = acme.people["requester"]
    path = f"/clients/{acme.id}/people/{contact.id}"
    identity.change(servers, "UPDATE contact SET roles = '{requester,archivist}' WHERE id = %s", contact.id)
    shown = admin.get(path)
    assert (shown.status_code, "archivist" in words(shown)) == (200, True)
    assert admin.post(path, version=str(contact.version), name="Ada", roles="requester").status_code == 303
    assert stored(console_app, sa.select(Contact.roles).where(Contact.id == contact.id)) == [["requester", "archivist"]]


def test_whoever_left_is_signed_out_and_can_come_back(console_app: Any, acme: Any, admin: Now, portal_of: Any) -> None:
    theirs, contact = portal_of(acme), acme.people["requester"]
    path = f"/clients/{acme.id}/people/{contact.id}"
    assert theirs.get("/account").status_code == 200
    assert admin.post(f"{path}/standing", active="0", version="1").status_code == 303
    assert theirs.get("/account").status_code in (302, 303)
    assert "cannot enter" in words(admin.get(path))
    assert admin.post(f"{path}/standing", active="1", version="2").status_code == 303
    assert stored(console_app, sa.select(Contact.is_active).where(Contact.id == contact.id)) == [True]


def test_an_invitation_is_mailed_or_shown_once(servers: Servers, acme: Any, admin: Now) -> None:
    contact = acme.people["manager"]
    path = f"/clients/{acme.id}/people/{contact.id}"
    shown = admin.post(f"{path}/invite", how="link")
    assert shown.status_code == 200
    assert re.search(rf"http://{acme.host}/invitation/[\w-]{{20,}}", shown.text)
    assert "/invitation/" not in admin.get(path).text.replace(f"{path}/invite", "")
    assert admin.post(f"{path}/invite", how="mail").status_code == 303
    assert len(identity.mails(servers, contact.e_mail, "invitation")) == 1


def test_people_are_managed_by_those_who_may(acme: Any, birch: Any, sit: Any) -> None:
    desk, contact = Now(sit(acme)), acme.people["requester"]
    assert desk.get(f"/clients/{acme.id}/people/{contact.id}").status_code == 200
    for path in ("people/new", f"people/{contact.id}", f"people/{contact.id}/invite", f"people/{contact.id}/standing"):
        assert desk.post(f"/clients/{acme.id}/{path}", name="x", version="1").status_code == 403
    stranger = Now(sit(birch, roles=("admin",)))
    for tenant in (acme, birch):
        assert stranger.get(f"/clients/{tenant.id}/people/{contact.id}").status_code == 404
        for path in ("", "/invite", "/standing"):
            assert stranger.post(f"/clients/{tenant.id}/people/{contact.id}{path}", name="x", version="1").status_code == 404


def test_rights_are_given_only_soon_after_signing_in(servers: Servers, acme: Any, admin: Now) -> None:
    identity.change(servers, "UPDATE session SET reauthenticated_at = now() - interval '11 minutes' WHERE agent_id = %s", admin.actor.id)
    asked = admin.post(f"/clients/{acme.id}/people/new", name="Nina", roles="requester")
    assert asked.status_code == 403
    assert "confirm" in asked.text.lower()
    assert admin.get("/agents/new").status_code == 303


# --- Agents -----------------------------------------------------------------------------------------------------------


def test_an_agent_is_added_limited_and_invited(console_app: Any, servers: Servers, acme: Any, birch: Any, admin: Now) -> None:
    address = f"{world.unique('zoe')}@provider.example"
    fields = {
        "name": "Zoe Zed",
        "e_mail": address,
        "roles": ["agent"],
        "is_limited": "1",
        "clients": [str(acme.id)],
        "time_zone": "Europe/Berlin",
        "invite": "1",
    }
    answer = admin.post("/agents/new", **fields)
    assert answer.status_code == 303, words(answer)
    [agent] = stored(console_app, sa.select(Agent).where(Agent.e_mail == address))
    assert (agent.is_limited, agent.time_zone) == (True, "Europe/Berlin")
    assert stored(console_app, sa.select(AgentClient.client_id).where(AgentClient.agent_id == agent.id)) == [acme.id]
    assert len(identity.mails(servers, address, "invitation")) == 1
    listed = words(admin.get(f"/agents?q={address}"))
    assert acme.tenant.name in listed
    changed = {"name": "Zoe Zed", "roles": ["agent", "lead"], "is_limited": "1", "clients": [str(birch.id)], "version": "1"}
    assert admin.post(f"/agents/{agent.id}", **changed).status_code == 303
    assert stored(console_app, sa.select(AgentClient.client_id).where(AgentClient.agent_id == agent.id)) == [birch.id]
    assert admin.post(f"/agents/{agent.id}", **changed).status_code == 412


def test_nobody_grants_what_he_lacks_and_the_last_administrator_stays(console_app: Any, sit: Any, admin: Now) -> None:
    agent = stored(console_app, sa.select(Agent).where(Agent.id == admin.actor.id))[0]
    others = sa.and_(sa.literal("admin") == sa.any_(Agent.roles), Agent.id != agent.id, Agent.is_active)
    kept = stored(console_app, sa.select(Agent.id).where(others))
    with world.as_staff(console_app):
        db.session.execute(sa.update(Agent).where(Agent.id.in_(kept)).values(is_active=False))
    try:
        refused = admin.post(f"/agents/{agent.id}/standing", active="0", version=str(agent.version))
        assert (refused.status_code, "last administrator" in words(refused)) == (409, True)
        lowered = admin.post(f"/agents/{agent.id}", name=agent.name, roles="agent", version=str(agent.version))
        assert lowered.status_code == 409
    finally:
        with world.as_staff(console_app):
            db.session.execute(sa.update(Agent).where(Agent.id.in_(kept)).values(is_active=True))


def test_a_limited_administrator_makes_nobody_freer_than_himself(console_app: Any, acme: Any, sit: Any) -> None:
    limited = Now(sit(acme, roles=("admin",)))
    fields = {"name": "Free", "e_mail": f"{world.unique('free')}@provider.example", "roles": "agent"}
    assert limited.post("/agents/new", **fields).status_code == 403
    assert limited.post("/agents/new", **fields, is_limited="1", clients=str(acme.id)).status_code == 303
    [made] = stored(console_app, sa.select(Agent).where(Agent.e_mail == fields["e_mail"]))
    assert limited.post(f"/agents/{made.id}", name="Free", roles="agent", version="1").status_code == 403


def test_what_an_agent_knows_is_said_and_signs_nobody_out(console_app: Any, acme: Any, sit: Any, admin: Now) -> None:
    theirs, skill = sit(acme), world.unique("lasers ")
    path = f"/agents/{theirs.actor.id}"
    fields = {"version": "1", "name": "Lea", "roles": "agent", "is_limited": "1", "clients": str(acme.id)}
    for wrong in ("x" * 41, ", ".join(f"s{n}" for n in range(31))):
        refused = admin.post(path, **fields, skills=wrong)
        assert (refused.status_code, pages.fields(refused.text, path)["skills"]) == (422, wrong)
    assert admin.post(path, **fields, skills=f" {skill.upper()}, , Phones").status_code == 303
    assert stored(console_app, sa.select(Agent.skills).where(Agent.id == theirs.actor.id)) == [[skill.strip(), "phones"]]
    assert pages.fields(admin.get(path).text, path)["skills"] == f"{skill}, phones"
    assert skill in words(admin.get("/agents/new"))
    assert theirs.get("/automation").status_code == 200
    added = admin.post("/agents/new", name=world.unique("Neo "), roles="agent", time_zone="UTC", skills="Kung Fu")
    assert added.status_code == 303
    assert stored(console_app, sa.select(sa.func.count()).where(Agent.skills == ["kung fu"])) == [1]


def test_agents_are_managed_by_those_who_may(console_app: Any, sit: Any) -> None:
    lead = Now(sit(roles=("lead",)))
    for path in ("/agents", "/agents/new", f"/agents/{lead.actor.id}"):
        assert lead.get(path).status_code == 403
    assert lead.post(f"/agents/{lead.actor.id}", name="x", roles="admin", version="1").status_code == 403


def test_bad_input_about_agents(admin: Now) -> None:
    assert admin.get(f"/agents/{uuid4()}").status_code == 404
    for fields in (
        {},
        {"name": "x", "e_mail": "nonsense", "roles": "agent"},
        {"name": "x", "roles": "king"},
        {"name": "x", "roles": "agent", "time_zone": "Mars"},
    ):
        assert admin.post("/agents/new", **fields).status_code == 422, fields
    assert admin.post("/agents/new", name="x", roles="agent", is_limited="1", clients="nonsense").status_code == 422


# --- Teams and duty ---------------------------------------------------------------------------------------------------


def test_a_team_its_people_and_who_is_on_call(console_app: Any, admin: Now) -> None:
    name = world.unique("Night team ")
    made = admin.post("/teams", name=name, e_mail="night@provider.example")
    assert made.status_code == 303, words(made)
    assert admin.post("/teams", name=name).status_code == 422
    [team] = stored(console_app, sa.select(Team).where(Team.name == name))
    one, other = world.agent(console_app)[0], world.agent(console_app)[0]
    assert admin.post(f"/teams/{team.id}/members", members=[str(one.id), str(other.id)], leads=[str(other.id)]).status_code == 303
    found = stored(console_app, sa.select(TeamMember).where(TeamMember.team_id == team.id))
    assert {(each.agent_id, each.is_lead) for each in found} == {(one.id, False), (other.id, True)}
    rota = {
        "turns": [str(one.id), "", str(other.id)],
        "starts_on": "2026-01-05",
        "hand_over": "09:00",
        "period_days": "7",
        "time_zone": "Europe/London",
    }
    assert admin.post(f"/teams/{team.id}/rota", **rota).status_code == 303
    assert stored(console_app, sa.select(Rota.agent_ids).where(Rota.team_id == team.id)) == [[one.id, other.id]]
    assert "on call" in words(admin.get(f"/teams/{team.id}"))
    wrong = admin.post(f"/teams/{team.id}/rota", **{**rota, "turns": [], "period_days": "0", "hand_over": "25:00"})
    assert (wrong.status_code, "Name one or more agents" in words(wrong)) == (422, True)
    assert admin.post(f"/teams/{team.id}/rota", **{**rota, "starts_on": "never"}).status_code == 422
    swap = {"agent": str(other.id), "from_at": "2099-01-01T18:00", "to_at": "2099-01-02T08:00"}
    assert admin.post(f"/teams/{team.id}/swaps", **swap).status_code == 303
    [kept] = stored(console_app, sa.select(Swap).where(Swap.team_id == team.id))
    assert kept.from_at == datetime(2099, 1, 1, 18, tzinfo=UTC)
    assert admin.post(f"/teams/{team.id}/swaps", **{**swap, "to_at": "2098-01-01T00:00"}).status_code == 422
    assert admin.post(f"/teams/{team.id}/swaps", swap=str(kept.id)).status_code == 303
    assert stored(console_app, sa.select(Swap).where(Swap.team_id == team.id)) == []
    assert admin.post(f"/teams/{team.id}", version="2", name=name, e_mail="").status_code == 303
    assert stored(console_app, sa.select(Team.is_active).where(Team.id == team.id)) == [False]


def test_teams_are_seen_by_all_and_changed_by_leads(console_app: Any, sit: Any) -> None:
    desk, lead = Now(sit()), Now(sit(roles=("lead",)))
    name = world.unique("Desk team ")
    assert lead.post("/teams", name=name).status_code == 303
    [team] = stored(console_app, sa.select(Team).where(Team.name == name))
    assert desk.get("/teams").status_code == desk.get(f"/teams/{team.id}").status_code == 200
    for path in ("", f"/{team.id}", f"/{team.id}/members", f"/{team.id}/rota", f"/{team.id}/swaps"):
        assert desk.post(f"/teams{path}", name="x", version="1").status_code == 403
    assert desk.get(f"/teams/{uuid4()}").status_code == 404


def test_everybody_keeps_his_own_week_and_absences(console_app: Any, sit: Any) -> None:
    desk, other = Now(sit()), world.agent(console_app)[0]
    path = f"/agents/{desk.actor.id}"
    week = {
        "mon-from": ["09:00", "13:00"],
        "mon-to": ["12:00", "17:00"],
        "fri-from": "22:00",
        "fri-to": "06:00",
        "time_zone": "Europe/Berlin",
        "act": "save",
    }
    assert f'href="{path}/hours"' in desk.get("/queue").text, "from the menu under the name"
    assert desk.post(f"{path}/hours", **week).status_code == 303
    [kept] = stored(console_app, sa.select(WorkingWeek).where(WorkingWeek.agent_id == desk.actor.id))
    assert kept.hours == {"mon": [["09:00", "12:00"], ["13:00", "17:00"]], "fri": [["22:00", "06:00"]]}
    assert pages.fields(desk.get(f"{path}/hours").text, f"{path}/hours").getlist("mon-from") == ["09:00", "13:00"]
    wrong = desk.post(f"{path}/hours", **{**week, "mon-to": ["09:00", "99:00"]})
    assert wrong.status_code == 422
    assert "Mon:" in words(wrong)
    away = {"from_at": "2099-07-01T00:00", "to_at": "2099-07-15T00:00", "reason": "Holiday"}
    assert desk.post(f"{path}/absences", **away).status_code == 303
    [absence] = stored(console_app, sa.select(Absence).where(Absence.agent_id == desk.actor.id))
    assert "Holiday" in desk.get(f"{path}/hours").text
    assert desk.post(f"{path}/absences", **{**away, "to_at": "2090-01-01T00:00"}).status_code == 422
    assert desk.post(f"{path}/absences", absence=str(absence.id)).status_code == 303
    assert desk.get(f"/agents/{other.id}/hours").status_code == 403
    assert desk.post(f"/agents/{other.id}/absences", **away).status_code == 403
