"""Announcements: who may speak to whom, who reads what, and that copies follow their original."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from msp.core import clock
from msp.core.errors import Forbidden, Invalid, NotFound, StaleVersion
from msp.itsm.announcements import queries, services
from tests.support import world


def titles(app: Any, company: Any, word: str, person: str = "requester") -> list[str]:
    """Titles with the word that this contact is told now."""
    now = clock.now()
    with world.acting(app, company.actor(person)) as by:
        return [each.title for each in queries.notices(company.id, by=by, now=now) if word in each.title]


def test_everybody_is_told_what_is_for_all(console_app: Any, acme: Any, birch: Any) -> None:
    word = world.unique("all")
    with world.as_staff(console_app) as by:
        services.announce(f"  {word}  ", by=by)
    assert titles(console_app, acme, word) == titles(console_app, birch, word) == [word]


def test_the_chosen_alone_are_told_what_is_for_them(console_app: Any, acme: Any, birch: Any) -> None:
    word = world.unique("some")
    with world.as_staff(console_app) as by:
        services.announce(word, client_ids=[acme.id], by=by)
    assert titles(console_app, acme, word) == [word]
    assert titles(console_app, birch, word) == []
    with world.acting(console_app, birch.actor()) as by, pytest.raises(NotFound):
        queries.notices(acme.id, by=by, now=clock.now())


def test_copies_follow_a_change_and_vanish_when_it_is_withdrawn(console_app: Any, acme: Any, birch: Any) -> None:
    word = world.unique("change")
    with world.as_staff(console_app) as by:
        row = services.announce(f"{word} one", client_ids=[acme.id, birch.id], by=by)
    with world.as_staff(console_app) as by:
        row = services.change_announcement(row.id, version=row.version, title=f"{word} two", level="disruption", by=by)
    for company in (acme, birch):
        assert titles(console_app, company, word) == [f"{word} two"]
    with world.as_staff(console_app) as by:
        with pytest.raises(StaleVersion):
            services.withdraw(row.id, version=row.version - 1, by=by)
        services.withdraw(row.id, version=row.version, by=by)
    assert titles(console_app, acme, word) == []


def test_it_begins_and_ends_when_it_says(console_app: Any, acme: Any) -> None:
    word, now = world.unique("later"), clock.now()
    with world.as_staff(console_app) as by:
        services.announce(
            word, client_ids=[acme.id], starts_at=now + timedelta(hours=1), ends_at=now + timedelta(hours=2), by=by
        )
    seen = {}
    for hours in (0, 1, 2, 24 * 29, 24 * 31):
        with clock.at(now + timedelta(hours=hours, minutes=1)), world.acting(console_app, acme.actor()) as by:
            found = [n for n in queries.notices(acme.id, by=by, now=clock.now()) if n.title == word]
            seen[hours] = [n.is_current(clock.now()) for n in found]
    assert seen == {0: [], 1: [True], 2: [False], 24 * 29: [False], 24 * 31: []}


def test_a_limited_agent_speaks_to_his_clients_only(console_app: Any, acme: Any, birch: Any) -> None:
    _, limited = world.agent(console_app, "lead", clients=[acme.id])
    word = world.unique("limited")
    with world.acting(console_app, limited):
        services.announce(word, client_ids=[acme.id], by=limited)
        with pytest.raises(Forbidden, match="every client"):
            services.announce(word, by=limited)
        with pytest.raises(Invalid):
            services.announce(word, client_ids=[acme.id, birch.id], by=limited)
    with world.as_staff(console_app) as by:
        both = services.announce(f"{word} both", client_ids=[acme.id, birch.id], by=by)
        theirs = services.announce(f"{word} theirs", client_ids=[birch.id], by=by)
    with world.acting(console_app, limited):
        assert word in [row.title for row in queries.announcement_page(by=limited, now=clock.now()).rows]
        assert [copy.tenant_id for copy in queries.copies(both.id, by=limited)] == [acme.id]
        with pytest.raises(Forbidden, match="do not see"):
            services.withdraw(both.id, version=both.version, by=limited)
        for unseen in (theirs.id, uuid4()):
            with pytest.raises(NotFound):
                services.withdraw(unseen, version=1, by=limited)


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"title": " "}, "/title"), ({"title": "x" * 201}, "/title"), ({"body": "x" * 5001}, "/body"),
        ({"level": "panic"}, "/level"), ({"client_ids": []}, "/client_ids"), ({"client_ids": [uuid4()]}, "/client_ids"),
        ({"ends_at": clock.now() - timedelta(days=1)}, "/ends_at"),
    ],
)  # fmt: skip
def test_bad_input_is_told(console_app: Any, fields: dict[str, Any], pointer: str) -> None:
    with world.as_staff(console_app) as by, pytest.raises(Invalid) as refused:
        services.announce(**{"title": "Something", **fields}, by=by)
    assert pointer in [error.pointer for error in refused.value.errors]


def test_contacts_see_no_originals(console_app: Any, acme: Any) -> None:
    with world.as_staff(console_app) as by:
        row = services.announce(world.unique("x"), by=by)
    for person in ("requester", "admin"):
        with world.acting(console_app, acme.actor(person)) as by, pytest.raises(NotFound):
            queries.visible_announcement(row.id, by=by)
