"""Canned replies: variables, what they say about a ticket, what is refused."""

from datetime import UTC, datetime
from typing import Any

import pytest

from msp.core import clock
from msp.core.errors import Forbidden, Invalid, NotFound, StaleVersion
from msp.itsm.macros import queries, services, variables
from msp.itsm.tickets.services import opening, triage
from tenants.services import people
from tests.support import world

MONDAY = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)


def test_variables_are_filled_from_the_ticket(console_app: Any, acme: Any) -> None:
    requester, (_, agent) = acme.actor(), world.agent(console_app, "lead")
    with world.as_staff(console_app) as by:
        team = people.add_team(world.unique("Clinical apps "), by=by)
    with clock.at(MONDAY), world.acting(console_app, requester):
        ticket = opening.open_ticket(acme.id, "Viewer freezes", by=requester)
    with clock.at(MONDAY), world.acting(console_app, agent):
        ticket = triage.assign(ticket.id, team_id=team.id, by=agent)
        body = (
            "{ requester.first_name }|{client.name}|{ticket.ref}|{ticket.subject}|{ticket.kind}|{ticket.due}"
            "|{team.name}|{site.name}|{agent.name}|{provider.name}"
        )
        macro = services.add_macro(world.unique("All "), body, by=agent)
        said = queries.text_for(macro, ticket, by=agent, now=MONDAY, provider_name="Meridian IT")
        assert said.split("|") == [
            ticket.requester_name.split()[0], acme.tenant.name, ticket.ref, "Viewer freezes", "incident", "today 13:00", team.name,
            "", agent.name, "Meridian IT",
        ]  # fmt: skip


def test_first_names_are_how_people_are_called() -> None:
    assert [queries.first_name(name) for name in ("Amelia Hart", "Dr. Yuki Arai", "Prof Lee", "Cher", "Dr")] == [
        "Amelia", "Yuki", "Lee", "Cher", "Dr",
    ]  # fmt: skip


def test_every_variable_has_a_sample() -> None:
    text = "".join(f"{{{name}}}" for name in variables.VARIABLES)
    assert "{" not in variables.sample(text)
    assert list(variables.unknown(text)) == []


def test_unknown_variables_are_named_with_what_was_meant() -> None:
    found = list(variables.unknown("Hi {requester.firstname}, {} and {nonsense}"))
    assert [(each.name, each.meant) for each in found] == [("requester.firstname", "requester.first_name"), ("", None), ("nonsense", None)]
    assert found[0].at == 3
    assert list(variables.unknown("no variable: { \n }, {a\nb}")) == []


def test_names_are_unique_and_versions_are_checked(console_app: Any) -> None:
    name = world.unique("Twice ")
    with world.as_staff(console_app) as by:
        macro = services.add_macro(f" {name} ", "Hello", by=by, folder=" Greetings ")
        assert (macro.name, macro.folder) == (name, "Greetings")
        with pytest.raises(Invalid, match="called Twice"):
            services.add_macro(name, "Hello", by=by)
        services.change_macro(macro.id, name, "Hello again", version=1, by=by)
        with pytest.raises(StaleVersion):
            services.change_macro(macro.id, name, "Hello once more", version=1, by=by)
        for fields in (
            {"name": "", "body": "x"},
            {"name": "x", "body": " "},
            {"name": "x" * 81, "body": "x"},
            {"name": "x", "body": "x", "folder": "f" * 41},
        ):
            with pytest.raises(Invalid):
                services.add_macro(by=by, **fields)


def test_contacts_see_none_and_agents_write_none(console_app: Any, acme: Any) -> None:
    with world.as_staff(console_app) as by:
        macro = services.add_macro(world.unique("Ours "), "Hello", by=by)
    requester, (_, agent) = acme.actor(), world.agent(console_app)
    with world.acting(console_app, requester), pytest.raises(NotFound):
        queries.visible_macro(macro.id, by=requester)
    with world.acting(console_app, agent):
        assert queries.visible_macro(macro.id, by=agent).body == "Hello"
        with pytest.raises(Forbidden):
            services.change_macro(macro.id, "x", "x", version=1, by=agent)


def test_one_that_is_retired_is_no_longer_offered(console_app: Any) -> None:
    name = world.unique("Retired ")
    with world.as_staff(console_app) as by:
        macro = services.add_macro(name, "Hello", by=by)
        services.change_macro(macro.id, name, "Hello", version=1, by=by, is_active=False)
        assert name not in [each.name for each in queries.macros()]
        assert name in [each.name for each in queries.macros(active_only=False)]
