"""Files of an order that is answered anew: those it has stay, new ones are added, nobody names one that is not his to name."""

import io
from typing import Any
from uuid import UUID

import pytest

from msp.core import clock
from msp.core.errors import Invalid
from msp.itsm.catalog.services import correcting
from msp.itsm.tickets import queries as tickets
from msp.itsm.tickets.services import conversation, files
from tests.itsm.catalog import on_its_way as way
from tests.itsm.catalog.test_orders_api import call  # noqa: F401  # a fixture
from tests.support import world

FORM = {"parts": [
    {"name": "why", "kind": "text", "label": "What for", "required": True},
    {"name": "offer", "kind": "file", "label": "Offers", "required": True, "maximum": 3},
]}  # fmt: skip


@pytest.fixture
def item(acme: Any, item_at: Any) -> Any:
    return item_at(acme, "Van", form=FORM, chain={"stages": [way.MANAGER]})


def sent(app: Any, company: Any, by: Any, name: str) -> str:
    """A file that waits for what its sender will say with it."""
    with clock.at(way.MONDAY), world.acting(app, by):
        return str(files.upload(company.id, name, io.BytesIO(name.encode()), by=by).id)


def ordered(app: Any, company: Any, item: Any) -> tuple[Any, str]:
    first = sent(app, company, company.actor(), "first.txt")
    return way.order(app, company, item, answers={"why": "Moving", "offer": [first]}), first


def change(app: Any, placed: Any, by: Any, *ids: str, why: str = "Moving") -> Any:
    with clock.at(way.MONDAY), world.acting(app, by):
        return correcting.change_order(
            placed.id, {"why": why, "offer": list(ids)}, version=way.now(app, placed).version, by=by
        )


def hanging(app: Any, placed: Any) -> list[tuple[str, str, bool]]:
    """The files of the request: name, state, and whether they hang on its first message."""
    with world.as_staff(app) as by:
        ticket = tickets.visible_ticket(placed.ticket_id, by=by)
        [first] = tickets.first_public_messages(ticket, limit=1)
        return [(row.name, row.state, row.message_id == first.id) for row in tickets.attachments(ticket, by=by)]


def test_a_kept_file_stays_and_a_new_one_is_added(console_app: Any, acme: Any, item: Any) -> None:
    placed, first = ordered(console_app, acme, item)
    before, agent = way.approval_of(console_app, placed), world.agent(console_app)[1]
    second = sent(console_app, acme, acme.actor(), "second.txt")
    made = change(console_app, placed, acme.actor(), first, second)
    assert made.answers["offer"] == [first, second]
    assert hanging(console_app, placed) == [("first.txt", "bound", True), ("second.txt", "bound", True)]
    after = way.approval_of(console_app, placed)
    assert (after.replaces_id, after.shown["lines"][1]) == (before.id, ["Offers", "first.txt, second.txt"])
    third = sent(console_app, acme, agent, "third.txt")
    made = change(console_app, placed, agent, first, third)
    assert made.answers["offer"] == [first, third], "ours is added in the client's place, what was left out is asked about no more"
    assert ("third.txt", "bound", True) in hanging(console_app, placed)
    assert [line["value"] for line in made.lines] == ["Moving", "first.txt, third.txt"]
    assert [kind for kind, _ in way.entries(console_app, placed)].count("order_changed") == 2
    change(console_app, placed, acme.actor(), first, third)
    assert way.approval_of(console_app, placed).shown["lines"][1] == ["Offers", "first.txt, third.txt"]


def test_files_that_are_not_his_to_name_are_refused(console_app: Any, acme: Any, birch: Any, item: Any, item_at: Any) -> None:
    placed, first = ordered(console_app, acme, item)
    theirs = item_at(birch, "Van", form=FORM)
    foreign, waiting = ordered(console_app, birch, theirs)[1], sent(console_app, birch, birch.actor(), "waits.txt")
    elsewhere = ordered(console_app, acme, item)[1]
    colleague = sent(console_app, acme, acme.actor("manager"), "colleague.txt")
    agent = world.agent(console_app)[1]
    internal = sent(console_app, acme, agent, "internal.txt")
    with clock.at(way.MONDAY), world.acting(console_app, agent) as by:
        conversation.add_note(placed.ticket_id, "Too dear.", attachment_ids=[UUID(internal)], by=by)
    for who in (acme.actor(), agent):
        for other in (foreign, waiting, elsewhere, colleague, internal):
            with pytest.raises(Invalid) as refused:
                change(console_app, placed, who, first, other)
            assert [each.pointer for each in refused.value.errors] == ["/answers/offer"]
    assert [name for name, _, is_first in hanging(console_app, placed) if is_first] == ["first.txt"]
    assert way.now(console_app, placed).answers["offer"] == [first]


def test_no_more_files_than_go_with_one_order(console_app: Any, acme: Any, item: Any) -> None:
    placed, first = ordered(console_app, acme, item)
    more = [sent(console_app, acme, acme.actor(), f"{number}.txt") for number in range(3)]
    with pytest.raises(Invalid) as refused:
        change(console_app, placed, acme.actor(), first, *more)
    assert [each.pointer for each in refused.value.errors] == ["/answers/offer"]
    assert hanging(console_app, placed) == [("first.txt", "bound", True)]


def test_files_of_an_order_over_the_api(console_app: Any, acme: Any, birch: Any, item: Any, call: Any) -> None:  # noqa: F811
    placed, first = ordered(console_app, acme, item)
    caller, path = call(acme.actor(), acme), f"/catalog/orders/{placed.id}"
    second = sent(console_app, acme, acme.actor(), "second.txt")
    shown = caller("GET", path)
    with clock.at(way.MONDAY):
        answers = {"why": "Moving", "offer": [first, second]}
        made = caller("PATCH", path, headers={"If-Match": shown.headers["ETag"]}, json={"answers": answers})
        assert made.status_code == 200, made.text
        assert made.json["answers"]["offer"] == [first, second]
        assert made.json["lines"][1]["value"] == "first.txt, second.txt"
        foreign = sent(console_app, birch, birch.actor(), "theirs.txt")
        answers = {"why": "Moving", "offer": [first, foreign]}
        refused = caller("PATCH", path, headers={"If-Match": made.headers["ETag"]}, json={"answers": answers})
    assert refused.status_code == 422
    assert [each["pointer"] for each in refused.json["errors"]] == ["/answers/offer"]
    assert hanging(console_app, placed) == [("first.txt", "bound", True), ("second.txt", "bound", True)]
