"""Who gives which role: what one does not hold, or may not give, one neither gives nor takes away."""

from dataclasses import replace
from typing import Any

import pytest

from msp.core.errors import Forbidden
from tenants.permissions import AGENT_ROLES, CONTACT_ROLES, Permission, lacking, permissions_of
from tenants.services import people
from tests.support import identity, world


def test_each_side_gives_what_the_table_says() -> None:
    def can(role: str, contact_role: str) -> bool:
        held = permissions_of([role], agent=True)
        return not lacking([contact_role], agent=False, held=held, is_contact=False)

    gives = {role: {other for other in CONTACT_ROLES if can(role, other)} for role in AGENT_ROLES}
    members = set(CONTACT_ROLES) - {"client_admin"}
    assert gives["admin"] == gives["account_manager"] == set(CONTACT_ROLES)
    assert gives["lead"] == members
    assert not any(given for role, given in gives.items() if role not in {"admin", "account_manager", "lead"})
    own = permissions_of(["client_admin"], agent=False)
    assert not lacking(CONTACT_ROLES, agent=False, held=own, is_contact=True), "of his own company"
    assert lacking(["admin"], agent=True, held=permissions_of(["lead"], agent=True), is_contact=False) >= {Permission.ROLE_GRANT}
    assert not lacking(AGENT_ROLES, agent=True, held=permissions_of(["admin"], agent=True), is_contact=False)


def test_a_lead_makes_no_client_administrator(servers: Any, console_app: Any, acme: Any, console_of: Any) -> None:
    lead, manager, admin = world.agent(console_app, "lead")[1], acme.people["manager"], acme.people["admin"]
    with pytest.raises(Forbidden, match="client’s administrator"), world.acting(console_app, lead) as by:
        people.add_contact(acme.id, "Nina", e_mail=f"{world.unique('n')}@acme.example", roles=["client_admin"], by=by)
    with pytest.raises(Forbidden), world.acting(console_app, lead) as by:
        people.change_contact(manager.id, version=manager.version, roles=["manager", "client_admin"], by=by)
    with pytest.raises(Forbidden), world.acting(console_app, lead) as by:
        people.change_contact(admin.id, version=admin.version, roles=["requester"], by=by)
    browser, page = console_of(lead), f"/clients/{acme.id}/people/{manager.id}"
    shown = browser.get(page).get_data(as_text=True)
    assert ('value="approver"' in shown, 'value="client_admin"' in shown) == (True, False)
    forged = identity.submit(browser, page, name="Max", roles="client_admin", version="1")
    assert forged.status_code == 403
    assert identity.rows(servers, "SELECT roles FROM contact WHERE id = %s", manager.id) == [{"roles": ["manager"]}]


def test_a_lead_changes_the_rest_of_an_administrator(servers: Any, console_app: Any, acme: Any, console_of: Any) -> None:
    browser, admin = console_of(world.agent(console_app, "lead")[1]), acme.people["admin"]
    page = f"/clients/{acme.id}/people/{admin.id}"
    assert "Is Client administrator as well" in browser.get(page).get_data(as_text=True)
    assert identity.submit(browser, page, name="Kim", roles="approver", version="1").status_code == 303
    [row] = identity.rows(servers, "SELECT name, roles FROM contact WHERE id = %s", admin.id)
    assert (row["name"], row["roles"]) == ("Kim", ["approver", "client_admin"])


def test_an_account_manager_makes_a_clients_first_administrator(servers: Any, console_app: Any, acme: Any, console_of: Any) -> None:
    address = f"{world.unique('first')}@acme.example"
    browser = console_of(world.agent(console_app, "account_manager", clients=[acme.id])[1])
    fields = {"name": "First", "e_mail": address, "roles": "client_admin", "invite": "1"}
    assert identity.submit(browser, f"/clients/{acme.id}/people/new", **fields).status_code == 303
    assert identity.rows(servers, "SELECT roles FROM contact WHERE e_mail = %s", address) == [{"roles": ["client_admin"]}]
    assert len(identity.mails(servers, address, "invitation")) == 1


def test_who_lets_somebody_in_again_could_give_his_roles(console_app: Any, acme: Any) -> None:
    """A right that was taken from a former administrator comes back only by those who may give it."""
    lead, manager = world.agent(console_app, "lead")[1], world.agent(console_app, "account_manager")[1]
    with world.as_staff(console_app) as by:
        for former in (acme.people["admin"], acme.people["manager"]):
            people.change_contact(former.id, version=1, is_active=False, by=by)
    with pytest.raises(Forbidden), world.acting(console_app, lead) as by:
        people.change_contact(acme.people["admin"].id, version=2, is_active=True, by=by)
    with pytest.raises(Forbidden), world.acting(console_app, lead) as by:
        people.change_contact(acme.people["admin"].id, version=2, is_active=True, roles=["client_admin", "approver"], by=by)
    with world.acting(console_app, lead) as by:
        assert people.change_contact(acme.people["manager"].id, version=2, is_active=True, by=by).is_active, "a member's"
        people.change_contact(acme.people["admin"].id, version=2, is_active=False, by=by, phone="1")
    with world.acting(console_app, manager) as by:
        again = people.change_contact(acme.people["admin"].id, version=3, is_active=True, by=by)
        assert (again.is_active, again.roles) == (True, ["client_admin"])


def test_an_agent_is_let_in_again_by_who_could_give_his_roles(console_app: Any) -> None:
    actor = world.agent(console_app, "admin")[1]
    former = world.agent(console_app, "admin")[0]
    limits = replace(actor, permissions=frozenset({Permission.AGENT_MANAGE, Permission.ROLE_GRANT}))
    with world.as_staff(console_app) as by:
        people.change_agent(former.id, version=1, is_active=False, by=by)
    with pytest.raises(Forbidden), world.acting(console_app, limits) as by:
        people.change_agent(former.id, version=2, is_active=True, by=by)
    with world.acting(console_app, actor) as by:
        assert people.change_agent(former.id, version=2, is_active=True, by=by).is_active
