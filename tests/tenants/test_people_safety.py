"""What no administrator can do: reach beyond his company, take a person's identity, lock everybody out."""

import inspect
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest

from msp.core.actor import Actor
from msp.core.db import call
from msp.core.errors import Conflict, Forbidden, Invalid, NotFound
from tenants import queries
from tenants.identity import api_tokens, chooser, links, profile, second_factor, sessions, sign_in
from tenants.permissions import AGENT_ROLES
from tenants.services import clients, people
from tests.support import identity, world
from tests.support.statements import counted
from tests.tenants.test_account import in_both


def test_a_client_admin_edits_contacts_and_not_persons(
    servers: Any, acme: Any, birch: Any, console_app: Any, portal_app: Any
) -> None:
    contact = in_both(console_app, acme, birch)
    identity.give_password(console_app, contact.person_id)
    person = "SELECT p.*, c.password_hash FROM person p JOIN credential c ON c.person_id = p.id WHERE p.id = %s"
    before = identity.rows(servers, person, contact.person_id)

    with world.acting(portal_app, acme.actor("admin")) as by:
        people.change_contact(
            contact.id, version=contact.version, by=by, name="Renamed", e_mail="thief@acme.example", person_id=None
        )

    [row] = identity.rows(servers, "SELECT * FROM contact WHERE id = %s", contact.id)
    assert (row["name"], row["e_mail"], row["person_id"]) == ("Renamed", contact.e_mail, contact.person_id)
    assert identity.rows(servers, person, contact.person_id) == before
    [other] = identity.rows(servers, "SELECT name FROM contact WHERE id = %s", birch.people["both"].id)
    assert other["name"] == contact.name
    with pytest.raises(NotFound), world.acting(portal_app, acme.actor("admin")) as by:
        people.change_contact(birch.people["both"].id, version=1, name="Renamed", by=by)


def test_the_database_refuses_it_as_well(
    servers: Any, acme: Any, birch: Any, console_app: Any, portal_app: Any
) -> None:
    """Even code that forgot every check cannot set a colleague's password or end his sessions elsewhere."""
    import sqlalchemy.exc

    contact = in_both(console_app, acme, birch)
    with (
        pytest.raises(sqlalchemy.exc.ProgrammingError, match="set by its own person"),
        world.acting(portal_app, acme.actor("admin")),
    ):
        call("set_credential", p_person=contact.person_id, p_password_hash="x")
    with world.acting(portal_app, acme.actor("admin")):
        assert not call("drop_second_factor", p_person=contact.person_id)[0]["drop_second_factor"]
        assert not call(
            "make_link", p_hash="x" * 64, p_purpose="reset", p_person=contact.person_id, p_tenant=acme.id,
            p_lifetime_seconds=60,
        )[0]["make_link"]  # fmt: skip
    with world.acting(portal_app, acme.actor("requester")):
        assert {row["tenant_id"] for row in call("own_companies")} == {acme.id, birch.id}
    with world.acting(portal_app, acme.actor("admin")):
        assert {row["tenant_id"] for row in call("own_companies")} == {acme.id}


def test_nobody_grants_what_he_lacks(acme: Any, console_app: Any, portal_app: Any) -> None:
    with pytest.raises(Forbidden), world.acting(portal_app, acme.actor("manager")) as by:
        people.add_contact(acme.id, "New", e_mail="new@acme.example", roles=["requester"], by=by)
    _, lead = world.agent(console_app, "lead")
    with pytest.raises(Forbidden), world.acting(console_app, lead) as by:
        people.add_agent("New", "new@msp.example", roles=["admin"], by=by)
    with pytest.raises(Invalid), world.as_staff(console_app) as by:
        people.add_agent("New", "new2@msp.example", roles=["emperor"], by=by)


def asks_for_link(browser: Any, tenant_id: Any, contact_id: Any) -> Any:
    """What is answered to somebody who wants to see a contact's invitation."""
    page = browser.get(f"/clients/{tenant_id}/people/{contact_id}").get_data(as_text=True)
    assert "Show the link" not in page, "the page offers only what may be done"
    path = f"/clients/{tenant_id}/people/{contact_id}/invite"
    return identity.submit(browser, path, page=f"/clients/{tenant_id}/people/{contact_id}", how="link")


def links_of(servers: Any, person_id: Any) -> int:
    return len(identity.rows(servers, "SELECT 1 FROM one_time_link WHERE person_id = %s AND spent_at IS NULL", person_id))


@pytest.mark.parametrize("is_agent_first", [True, False], ids=["the agent is known", "the agent comes later"])
@pytest.mark.parametrize("role", ["lead", "account_manager"])
def test_nobody_enters_the_console_by_a_contacts_invitation(
    servers: Any, console_app: Any, acme: Any, console_of: Any, role: str, is_agent_first: bool
) -> None:
    """A password is the person's: whoever saw the link of the contact could choose the administrator's."""
    address = f"{world.unique('new.admin')}@provider.example"
    browser = console_of(world.agent(console_app, role)[1])

    def make_admin() -> None:
        with world.as_staff(console_app) as by:
            people.add_agent("New Admin", address, roles=["admin"], by=by)

    if is_agent_first:
        make_admin()
    identity.submit(browser, f"/clients/{acme.id}/people/new", name="New Admin", e_mail=address, roles="requester")
    [contact] = identity.rows(servers, "SELECT * FROM contact WHERE e_mail = %s", address)
    refused = asks_for_link(browser, acme.id, contact["id"])
    if not is_agent_first:
        make_admin()

    assert refused.status_code == 403
    assert "/invitation/" not in refused.get_data(as_text=True)
    assert links_of(servers, contact["person_id"]) == 0
    mailed = identity.submit(
        browser, f"/clients/{acme.id}/people/{contact['id']}/invite", page=f"/clients/{acme.id}/people/{contact['id']}", how="mail"
    )
    assert mailed.status_code == 303
    assert len(identity.mails(servers, address, "invitation")) == 1, "to the address itself"


def test_nobody_becomes_a_person_of_another_company(
    servers: Any, console_app: Any, acme: Any, birch: Any, console_of: Any
) -> None:
    address = f"{world.unique('nora')}@acme.example"
    with world.as_staff(console_app) as by:
        nora = people.add_contact(acme.id, "Nora", e_mail=address, roles=["requester"], by=by)
    for role in ("admin", "lead"):
        browser = console_of(world.agent(console_app, role, clients=[birch.id])[1])
        identity.submit(browser, f"/clients/{birch.id}/people/new", name="Nora", e_mail=address, roles="requester")
        [twin] = identity.rows(servers, "SELECT * FROM contact WHERE e_mail = %s AND tenant_id = %s", address, birch.id)
        assert twin["person_id"] == nora.person_id
        refused = asks_for_link(browser, birch.id, twin["id"])
        assert refused.status_code == 403, role
        assert "/invitation/" not in refused.get_data(as_text=True)
    assert links_of(servers, nora.person_id) == 0


def test_who_sees_an_invitation_could_grant_all_that_it_opens(
    servers: Any, console_app: Any, acme: Any, portal_app: Any, console_of: Any
) -> None:
    manager = acme.people["manager"]
    refused = [world.agent(console_app, role)[1] for role in AGENT_ROLES if role != "admin"]
    refused.append(world.agent(console_app, *AGENT_ROLES, clients=[acme.id])[1])
    for actor in refused:
        with pytest.raises(Forbidden), world.acting(console_app, actor) as by:
            people.invitation_link(manager.person_id, acme.id, by=by)
    with pytest.raises(Forbidden), world.acting(portal_app, acme.actor("admin")) as by:
        people.invitation_link(manager.person_id, acme.id, by=by)
    assert links_of(servers, manager.person_id) == 0

    _, admin = world.agent(console_app, "admin")
    page = f"/clients/{acme.id}/people/{manager.id}"
    shown = identity.submit(console_of(admin), f"{page}/invite", page=page, how="link")
    assert f"http://{acme.host}/invitation/" in shown.get_data(as_text=True)
    assert links_of(servers, manager.person_id) == 1
    [noted] = identity.rows(servers, "SELECT * FROM audit_entry WHERE action = 'saw the invitation of' AND actor_id = %s", admin.id)
    assert (noted["subject"], noted["subject_id"], noted["tenant_id"]) == ("person", manager.person_id, acme.id)


def test_no_way_leads_from_another_address_to_a_person(servers: Any, console_app: Any, acme: Any, console_of: Any) -> None:
    """Nobody changes the address of a contact or an agent, and what stands there is where the person signs in."""
    agent, admin = world.agent(console_app, "admin")
    browser, contact = console_of(admin), acme.people["manager"]
    page = f"/clients/{acme.id}/people/{contact.id}"
    fields = {"name": "Renamed", "roles": "manager", "version": "1", "e_mail": "thief@acme.example"}
    assert identity.submit(browser, page, **fields).status_code == 303
    assert identity.submit(browser, f"/agents/{agent.id}", **fields | {"name": agent.name, "roles": "admin"}).status_code == 303
    token, headers = world.csrf(browser), {"If-Match": '"2"'}
    for path in (f"/api/v1/contacts/{contact.id}", f"/api/v1/agents/{agent.id}"):
        answer = browser.patch(path, json={"e_mail": "thief@acme.example"}, headers=headers | {"X-CSRFToken": token})
        assert answer.status_code == 422, answer.get_data(as_text=True)
    for known in (contact, agent):
        statement = "SELECT p.e_mail, coalesce(c.e_mail, a.e_mail) AS copy FROM person p LEFT JOIN contact c ON c.person_id = p.id"
        [row] = identity.rows(servers, f"{statement} LEFT JOIN agent a ON a.person_id = p.id WHERE p.id = %s", known.person_id)
        assert (row["e_mail"], row["copy"]) == (known.e_mail, known.e_mail)


def sessions_of(servers: Any, person_id: Any) -> int:
    return len(identity.rows(servers, "SELECT 1 FROM session WHERE person_id = %s AND ended_at IS NULL", person_id))


@pytest.mark.parametrize("change", [{"roles": ["read_only"]}, {"is_active": False}, {"client_ids": []}], ids=str)
def test_a_limited_administrator_ends_the_sessions_of_his_agents(
    servers: Any, console_app: Any, acme: Any, birch: Any, console_of: Any, change: dict[str, Any]
) -> None:
    limited = world.agent(console_app, "admin", clients=[acme.id, birch.id])[1]
    agent, actor = world.agent(console_app, "agent", clients=[acme.id])
    theirs = console_of(actor)
    assert theirs.get("/account").status_code == 200
    with world.acting(console_app, limited) as by:
        people.change_agent(agent.id, version=agent.version, by=by, **change)
    assert theirs.get("/account").status_code == 302
    with world.as_staff(console_app) as by:
        now = queries.visible_agent(agent.id, by=by)
        people.change_agent(agent.id, version=now.version, is_active=True, by=by)
    again = console_of(actor)
    with world.acting(console_app, limited) as by:
        assert sessions.end_sessions_of_agent(agent.id, by=by) == 1
    assert again.get("/account").status_code == 302


def test_a_limited_administrator_has_no_say_over_who_sees_more(
    servers: Any, console_app: Any, acme: Any, birch: Any, console_of: Any
) -> None:
    limited = world.agent(console_app, "admin", clients=[acme.id])[1]
    browser = console_of(limited)
    for reach in ([acme.id, birch.id], [birch.id], None):
        agent, actor = world.agent(console_app, "agent", clients=reach)
        theirs = console_of(actor)
        for act in (
            lambda by, agent=agent: people.change_agent(agent.id, version=1, by=by, is_active=False),
            lambda by, agent=agent: sessions.end_sessions_of_agent(agent.id, by=by),
            lambda by, agent=agent: links.invite_agent(agent.id, by=by),
        ):
            with pytest.raises(Forbidden, match="beyond yours"), world.acting(console_app, limited) as by:
                act(by)
        page = browser.get(f"/agents/{agent.id}").get_data(as_text=True)
        assert "clients beyond yours" in page
        assert f'action="/agents/{agent.id}/' not in page, "nothing is offered"
        assert theirs.get("/account").status_code == 200
        assert links_of(servers, agent.person_id) == 0


def test_the_database_ends_sessions_or_says_so(servers: Any, console_app: Any, acme: Any, birch: Any, console_of: Any) -> None:
    """Even code that forgot the check is not told that all is well while somebody stays signed in."""
    import sqlalchemy.exc

    limited = world.agent(console_app, "admin", clients=[acme.id])[1]
    for reach in ([acme.id, birch.id], None):
        agent, actor = world.agent(console_app, "agent", clients=reach)
        console_of(actor)
        for asked in ({"p_tenant": agent.tenant_id}, {}):
            function = "end_sessions_of" if asked else "end_sessions"
            with (
                pytest.raises(sqlalchemy.exc.ProgrammingError, match="cannot end"),
                world.acting(console_app, limited),
            ):
                call(function, p_person=agent.person_id, p_except=None, p_reason="test", **asked)
        assert sessions_of(servers, agent.person_id) == 1


def test_a_contacts_session_at_another_company_stays(
    servers: Any, console_app: Any, acme: Any, birch: Any, portal_of: Any
) -> None:
    contact = in_both(console_app, acme, birch)
    here, there = portal_of(acme), portal_of(birch, "both")
    limited = world.agent(console_app, "lead", clients=[acme.id])[1]
    with world.acting(console_app, limited) as by:
        people.change_contact(contact.id, version=contact.version, by=by, roles=["requester", "approver"])
    assert (here.get("/account").status_code, there.get("/account").status_code) == (302, 200)


def test_a_limited_administrator_invites_his_agents(
    servers: Any, console_app: Any, acme: Any, console_of: Any
) -> None:
    limited = world.agent(console_app, "admin", clients=[acme.id])[1]
    browser, address = console_of(limited), f"{world.unique('lim')}@provider.example"
    fields = {"name": "Lim", "e_mail": address, "roles": "agent", "is_limited": "1", "clients": str(acme.id), "invite": "1"}
    assert identity.submit(browser, "/agents/new", **fields).status_code == 303
    [agent] = identity.rows(servers, "SELECT * FROM agent WHERE e_mail = %s", address)
    [letter] = identity.mails(servers, address, "invitation")
    assert letter["url"].startswith("http://console.localhost")
    page = f"/agents/{agent['id']}"
    assert identity.submit(browser, f"{page}/invite", page=page, how="mail").status_code == 303
    assert len(identity.mails(servers, address, "invitation")) == 2
    assert identity.submit(browser, f"{page}/invite", page=page, how="link").status_code == 403
    identity.change(servers, "UPDATE agent SET e_mail = 'thief@provider.example' WHERE id = %s", agent["id"])
    with pytest.raises(Forbidden), world.acting(console_app, limited) as by:
        links.invite_agent(agent["id"], by=by)


# Acts on one's own account: they take the person from the scope and nobody else's id.
OPEN = {
    "sign_in.confirm", "sessions.home_of", "sessions.end_own_session", "sessions.end_other_sessions",
    "second_factor.begin", "second_factor.confirm", "second_factor.new_recovery_codes", "second_factor.remove",
    "profile.rename", "profile.set_preferences", "profile.change_password", "profile.own_row",
    "chooser.hand_over",
    "chooser.other_companies", "api_tokens.offered_scopes", "api_tokens.revoke",
}  # fmt: skip
MODULES = (api_tokens, chooser, links, profile, second_factor, sessions, sign_in)


def acts() -> Iterator[tuple[str, Any]]:
    for module in MODULES:
        for name, function in inspect.getmembers(module, inspect.isfunction):
            is_own = function.__module__ == module.__name__ and not name.startswith("_")
            if is_own and "by" in inspect.signature(function).parameters:
                yield f"{module.__name__.rpartition('.')[2]}.{name}", function


@pytest.mark.parametrize(("name", "function"), list(acts()), ids=[name for name, _ in acts()])
def test_an_act_on_others_needs_a_right_before_anything_else(name: str, function: Any) -> None:
    parameters = inspect.signature(function).parameters.values()
    needed = {each.name: object() for each in parameters if each.default is inspect.Parameter.empty}
    if name in OPEN:
        assert not {"contact_id", "agent_id", "person_id"} & needed.keys()
        return
    with pytest.raises(Forbidden):
        function(*[needed.pop(each.name) for each in parameters if each.kind is each.POSITIONAL_OR_KEYWORD],
                 **needed | {"by": Actor.system("nobody")})  # fmt: skip


@pytest.fixture
def only_admins(servers: Any, console_app: Any) -> Any:
    """Two administrators and no others."""
    identity.change(servers, "UPDATE agent SET roles = '{agent}' WHERE 'admin' = ANY (roles)")
    made = [world.agent(console_app, "admin")[0] for _ in range(2)]
    yield made
    identity.change(servers, "UPDATE agent SET is_active = true WHERE id = ANY (%s)", [agent.id for agent in made])


@pytest.mark.parametrize("change", [{"is_active": False}, {"roles": ["agent"]}, {"is_limited": True}])
def test_the_last_administrator_stays(console_app: Any, only_admins: Any, change: dict[str, Any]) -> None:
    first, last = only_admins
    with world.as_staff(console_app) as by:
        people.change_agent(first.id, version=first.version, by=by, **change)
    with pytest.raises(Conflict, match="last administrator"), world.as_staff(console_app) as by:
        people.change_agent(last.id, version=last.version, by=by, **change)
    with world.as_staff(console_app) as by:
        people.change_agent(last.id, version=last.version, by=by, name="Still here")


def test_two_at_once_do_not_remove_both(servers: Any, console_app: Any, only_admins: Any) -> None:
    def remove(agent: Any) -> str:
        try:
            with world.as_staff(console_app) as by:
                people.change_agent(agent.id, version=agent.version, is_active=False, by=by)
        except Conflict:
            return "refused"
        return "removed"

    for _ in range(5):
        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(remove, only_admins)) == ["refused", "removed"]
        identity.change(servers, "UPDATE agent SET is_active = true WHERE id = ANY (%s)", [a.id for a in only_admins])
        for agent in only_admins:
            [row] = identity.rows(servers, "SELECT version FROM agent WHERE id = %s", agent.id)
            agent.version = row["version"]


def test_many_clients_and_sites_are_looked_up_at_once(console_app: Any, acme: Any, birch: Any) -> None:
    companies = [world.company(console_app, f"Reach{number}") for number in range(4)]
    with world.as_staff(console_app) as by:
        sites = [clients.add_site(acme.id, world.unique(f"Site {number} "), by=by).id for number in range(5)]
        contact = acme.people["manager"]

        def asked(client_ids: list[Any], site_ids: list[Any]) -> int:
            agent = people.add_agent("Rae Reach", f"{world.unique('rae')}@provider.example", client_ids=[], by=by)
            with counted(console_app) as sent:
                people.change_agent(agent.id, version=agent.version, client_ids=client_ids, by=by)
                now = queries.visible_contact(contact.id, by=by)
                people.change_contact(now.id, version=now.version, managed_site_ids=site_ids, by=by)
            assert set(queries.client_ids_of(agent.id)) == set(client_ids)
            assert set(queries.managed_site_ids(acme.id, contact.id)) == set(site_ids)
            return len([statement for statement in sent if statement.startswith("SELECT")])

        few = asked([companies[0].id], sites[:1])
        assert asked([company.id for company in companies], sites[1:]) == few

        agent = people.add_agent("Rae Reach", f"{world.unique('rae')}@provider.example", client_ids=[], by=by)
        provider = agent.tenant_id
        for stranger in (uuid4(), provider):
            with pytest.raises(NotFound):
                people.change_agent(agent.id, version=agent.version, client_ids=[acme.id, stranger], by=by)
        foreign = clients.add_site(birch.id, world.unique("Site "), by=by).id
        version = queries.visible_contact(contact.id, by=by).version
        with pytest.raises(NotFound):
            people.change_contact(contact.id, version=version, managed_site_ids=[sites[0], foreign], by=by)
