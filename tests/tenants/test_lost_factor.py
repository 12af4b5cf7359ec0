"""Somebody lost telephone and recovery codes: who may help, and that helping is no way in."""

from typing import Any

import pytest

from msp.core.auth import totp
from msp.core.errors import Conflict, Forbidden
from msp.core.secrets import Keyring
from tenants.identity import second_factor
from tenants.services import people
from tests.conftest import SECRET
from tests.support import identity, world
from tests.tenants.test_account import in_both


def equip(servers: Any, app: Any, person_id: Any) -> None:
    """A password, a second factor in use and a recovery code."""
    identity.give_password(app, person_id)
    sealed = Keyring([SECRET]).encrypt(totp.new_secret(), context=f"credential.totp_secret:{person_id}")
    switch_on = "UPDATE credential SET totp_secret = %s, totp_confirmed_at = now() WHERE person_id = %s"
    identity.change(servers, switch_on, sealed, person_id)
    identity.change(servers, "INSERT INTO recovery_code (id, person_id, code_hash) VALUES (uuidv7(), %s, 'x')", person_id)


def has_factor(servers: Any, person_id: Any) -> bool:
    [row] = identity.rows(servers, "SELECT totp_confirmed_at FROM credential WHERE person_id = %s", person_id)
    codes = identity.rows(servers, "SELECT 1 FROM recovery_code WHERE person_id = %s", person_id)
    assert bool(codes) == (row["totp_confirmed_at"] is not None)
    return bool(codes)


def test_a_lead_helps_a_contact(
    servers: Any, console_app: Any, acme: Any, console_of: Any, portal_of: Any, door: Any
) -> None:
    contact, lead = acme.people["requester"], world.agent(console_app, "lead", clients=[acme.id])[1]
    browser, page = console_of(lead), f"/clients/{acme.id}/people/{contact.id}"
    assert "Remove the second factor" not in browser.get(page).get_data(as_text=True), "there is none"
    assert identity.submit(browser, f"{page}/second-factor", page=page).status_code == 409
    client, theirs = door(acme), portal_of(acme)
    equip(servers, console_app, contact.person_id)
    assert "Remove the second factor" in browser.get(page).get_data(as_text=True)

    done = identity.submit(browser, f"{page}/second-factor", page=page)

    assert (done.status_code, done.location) == (303, page)
    assert not has_factor(servers, contact.person_id)
    assert theirs.get("/account").status_code == 302, "every session ended"
    [mail] = identity.mails(servers, contact.e_mail, "sign_in_alert")
    assert mail["change"].endswith("was removed")
    assert {"label": "By", "value": lead.name} in mail["facts"]
    [noted] = identity.rows(servers, "SELECT * FROM audit_entry WHERE subject = 'second_factor' AND actor_id = %s", lead.id)
    assert (noted["action"], noted["subject_id"], noted["tenant_id"]) == ("removed", contact.person_id, acme.id)
    assert identity.sign_in(client, contact.e_mail, "not the password").status_code == 422, "the password is still needed"
    assert identity.sign_in(client, contact.e_mail).status_code == 303
    assert client.get("/account").status_code == 200


def test_an_administrator_helps_an_agent(servers: Any, console_app: Any, acme: Any, console_of: Any) -> None:
    for by in (world.agent(console_app, "admin")[1], world.agent(console_app, "admin", clients=[acme.id])[1]):
        agent, actor = world.agent(console_app, "agent", clients=[acme.id])
        theirs, browser, page = console_of(actor), console_of(by), f"/agents/{agent.id}"
        equip(servers, console_app, agent.person_id)
        assert "Remove the second factor" in browser.get(page).get_data(as_text=True)
        assert identity.submit(browser, f"{page}/second-factor", page=page).location == page
        assert not has_factor(servers, agent.person_id)
        assert theirs.get("/account").status_code == 302
        assert len(identity.mails(servers, agent.e_mail, "sign_in_alert")) == 1


def test_only_who_could_give_all_that_it_opens(
    servers: Any, console_app: Any, portal_app: Any, acme: Any, birch: Any, console_of: Any
) -> None:
    everywhere = in_both(console_app, acme, birch)
    with world.as_staff(console_app) as by:
        address = f"{world.unique('two')}@acme.example"
        double = people.add_contact(acme.id, "Two Hats", e_mail=address, roles=["requester"], by=by)
        people.add_agent("Two Hats", address, roles=["agent"], client_ids=[acme.id], by=by)
    client_admin, plain = acme.people["admin"], acme.people["manager"]
    for each in (everywhere, double, client_admin, plain):
        equip(servers, console_app, each.person_id)
    lead, limited = world.agent(console_app, "lead")[1], world.agent(console_app, "admin", clients=[acme.id])[1]
    agent, _ = world.agent(console_app, "agent", clients=[acme.id, birch.id])
    equip(servers, console_app, agent.person_id)

    for actor, contact in ((lead, double), (lead, client_admin), (limited, everywhere)):
        with pytest.raises(Forbidden), world.acting(console_app, actor) as by:
            second_factor.remove_for_contact(contact.id, by=by)
        page = console_of(actor).get(f"/clients/{acme.id}/people/{contact.id}").get_data(as_text=True)
        assert "Remove the second factor" not in page
    with pytest.raises(Forbidden), world.acting(console_app, limited) as by:
        second_factor.remove_for_agent(agent.id, by=by)
    with pytest.raises(Forbidden, match="service desk"), world.acting(portal_app, acme.actor("admin")) as by:
        second_factor.remove_for_contact(plain.id, by=by)
    with pytest.raises(Forbidden), world.acting(console_app, world.agent(console_app, "agent")[1]) as by:
        second_factor.remove_for_contact(plain.id, by=by)
    assert all(has_factor(servers, each.person_id) for each in (everywhere, double, client_admin, plain, agent))

    for contact in (double, everywhere):
        with world.as_staff(console_app) as by:
            second_factor.remove_for_contact(contact.id, by=by)
        assert not has_factor(servers, contact.person_id)
    with pytest.raises(Conflict), world.as_staff(console_app) as by:
        second_factor.remove_for_contact(double.id, by=by)


def test_it_needs_a_fresh_sign_in_and_the_right_company(
    servers: Any, console_app: Any, acme: Any, birch: Any, console_of: Any
) -> None:
    contact, lead = acme.people["requester"], world.agent(console_app, "lead")[1]
    equip(servers, console_app, contact.person_id)
    browser, page = console_of(lead), f"/clients/{acme.id}/people/{contact.id}"
    assert identity.submit(browser, f"/clients/{birch.id}/people/{contact.id}/second-factor", page=page).status_code == 404
    identity.change(servers, "UPDATE session SET reauthenticated_at = now() - interval '11 minutes' WHERE agent_id = %s", lead.id)
    assert identity.submit(browser, f"{page}/second-factor", page=page).status_code == 403
    stranger = console_of(world.agent(console_app, "lead", clients=[birch.id])[1])
    own = f"/clients/{birch.id}/people"
    assert identity.submit(stranger, f"{page}/second-factor", page=own).status_code == 404
    assert has_factor(servers, contact.person_id)
