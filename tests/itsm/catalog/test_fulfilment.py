"""Orders that are approved and carried out: the request waits, goes on, is resolved; turned down, changed, dropped; once each."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from msp.core import clock
from msp.core.errors import Conflict, Forbidden, Invalid, NotFound, StaleVersion
from msp.itsm.approvals.services import answering
from msp.itsm.catalog.services import correcting, fulfilling, items, orders
from msp.itsm.sla import library
from msp.itsm.sla.services import definitions
from msp.itsm.tickets.services import categories as ticket_categories
from msp.itsm.tickets.services import moves
from tenants.services import people
from tests.itsm.approvals import asked
from tests.itsm.catalog import on_its_way as way
from tests.itsm.sla import passing
from tests.itsm.test_knowledge import published
from tests.support import world
from tests.support.post import text_of


@pytest.fixture
def laptop(acme: Any, item_at: Any) -> Any:
    return item_at(acme, "Laptop", **way.LAPTOP)


def test_an_order_is_approved_carried_out_and_resolved(console_app: Any, acme: Any, laptop: Any) -> None:
    placed = way.order(console_app, acme, laptop)
    assert way.states(console_app, placed) == ("asking", "waiting_for_approval")
    approval, ticket = way.approval_of(console_app, placed), way.ticket_of(console_app, placed)
    person = acme.people["requester"]
    assert (approval.title, approval.reference) == (f"Laptop for {person.name}", ticket.ref)
    assert (approval.shown["once"], approval.shown["link"]) == ("980.00", f"/requests/{ticket.ref}")
    lines = [
        ["What for", "She starts on Monday"], ["Size", "14 inch"], ["Then", "Order the laptop, Make the account; then Set it up"],
    ]  # fmt: skip
    assert approval.shown["lines"] == lines
    way.work(console_app)
    assert way.tasks_of(console_app, placed) == {}, "nothing is done before it is approved"
    way.answer(console_app, acme, placed, "manager")
    assert way.states(console_app, placed) == ("placed", "open")
    assert way.tasks_of(console_app, placed) == {"Order the laptop": "open", "Make the account": "open", "Set it up": "waiting"}
    for title in ("Order the laptop", "Make the account", "Set it up"):
        assert way.ticket_of(console_app, placed).status == "open"
        way.end_task(console_app, placed, title)
    assert way.states(console_app, placed) == ("placed", "resolved")
    told = [(kind, data.get("to") or data.get("names") or "") for kind, data in way.entries(console_app, placed)]
    assert told[:5] == [
        ("opened", ""), ("moved", "waiting_for_approval"), ("order_approved", acme.people["manager"].name), ("moved", "open"),
        ("tasks_added", ""),
    ]  # fmt: skip
    assert told[-1] == ("moved", "resolved")


def test_a_stage_is_asked_only_where_its_condition_holds(console_app: Any, acme: Any, laptop: Any) -> None:
    dear = way.order(console_app, acme, laptop, answers={**way.ANSWERS, "size": "large"})
    way.answer(console_app, acme, dear, "manager")
    assert way.states(console_app, dear) == ("asking", "waiting_for_approval"), "£1,160 needs the administrator as well"
    way.answer(console_app, acme, dear, "admin")
    assert way.states(console_app, dear) == ("placed", "open")


def test_where_no_stage_applies_the_order_goes_on_at_once(console_app: Any, acme: Any, item_at: Any) -> None:
    item = item_at(acme, "Headset", chain={"stages": [way.ADMIN]}, tasks=[{"title": "Send it"}])
    placed = way.order(console_app, acme, item, answers={})
    way.work(console_app)
    assert way.states(console_app, placed) == ("placed", "open")
    assert way.tasks_of(console_app, placed) == {"Send it": "open"}


def test_tasks_without_a_chain_are_planned_at_once(console_app: Any, acme: Any, item_at: Any) -> None:
    placed = way.order(console_app, acme, item_at(acme, "Headset", tasks=[{"title": "Send it"}]), answers={})
    way.work(console_app)
    assert (way.states(console_app, placed), way.tasks_of(console_app, placed)) == (("placed", "new"), {"Send it": "open"})
    way.end_task(console_app, placed, "Send it")
    assert way.ticket_of(console_app, placed).status == "resolved"


def test_a_declined_order_is_corrected_and_sent_again(console_app: Any, acme: Any, laptop: Any) -> None:
    placed = way.order(console_app, acme, laptop)
    way.answer(console_app, acme, placed, "manager", False, "There are two on the shelf.")
    assert way.states(console_app, placed) == ("declined", "waiting_for_client")
    name = acme.people["manager"].name
    assert way.ticket_of(console_app, placed).waiting_reason == f"{name} declined: There are two on the shelf."
    assert ("order_declined", {"names": name, "reason": "There are two on the shelf."}) in way.entries(console_app, placed)
    with world.as_staff(console_app) as by:  # what was ordered stays orderable for whoever ordered it
        items.show_item(laptop.id, False, version=1, by=by)
    with clock.at(way.MONDAY), world.acting(console_app, acme.actor()) as by:
        version = way.now(console_app, placed).version
        with pytest.raises(Invalid):
            correcting.change_order(placed.id, {"why": "x", "size": "huge"}, version=version, by=by)
        with pytest.raises(StaleVersion):
            correcting.change_order(placed.id, way.ANSWERS, version=version + 7, by=by)
        correcting.change_order(placed.id, {**way.ANSWERS, "why": "Those are broken."}, version=version, by=by)
    assert way.states(console_app, placed) == ("asking", "waiting_for_approval")
    assert way.approval_of(console_app, placed).shown["lines"][0] == ["What for", "Those are broken."]
    way.answer(console_app, acme, placed, "manager")
    assert way.states(console_app, placed) == ("placed", "open")


def test_a_change_while_it_is_asked_voids_and_asks_anew(console_app: Any, acme: Any, laptop: Any) -> None:
    placed = way.order(console_app, acme, laptop, answers={**way.ANSWERS, "size": "large"})
    way.answer(console_app, acme, placed, "manager")
    first = way.approval_of(console_app, placed)
    with clock.at(way.MONDAY), world.acting(console_app, acme.actor()) as by:
        kept = correcting.change_order(placed.id, placed.answers, version=way.now(console_app, placed).version, by=by)
        assert way.approval_of(console_app, placed).id == first.id, "the same answers change nothing"
        correcting.change_order(placed.id, way.ANSWERS, version=kept.version, by=by)
    second = way.approval_of(console_app, placed)
    assert (second.replaces_id, asked.read(console_app, first).state, second.shown["once"]) == (first.id, "voided", "980.00")
    assert str(way.now(console_app, placed).price_once) == "980.00"
    way.answer(console_app, acme, placed, "manager")
    assert way.states(console_app, placed) == ("placed", "open")
    with clock.at(way.MONDAY), world.acting(console_app, acme.actor()) as by, pytest.raises(Conflict, match="can no longer"):
        correcting.change_order(placed.id, way.ANSWERS, version=way.now(console_app, placed).version, by=by)


def test_the_same_order_sent_again_before_its_outcome_arrives_is_followed_not_asked_anew(
    console_app: Any, acme: Any, laptop: Any
) -> None:
    placed = way.order(console_app, acme, laptop)
    first = way.approval_of(console_app, placed)
    with clock.at(way.MONDAY), world.acting(console_app, acme.actor("manager")) as by:
        answering.decide(first.id, True, by=by)
    with clock.at(way.MONDAY), world.acting(console_app, acme.actor()) as by:
        correcting.change_order(placed.id, way.ANSWERS, version=way.now(console_app, placed).version, by=by)
    assert way.approval_of(console_app, placed).id == first.id
    assert way.states(console_app, placed) == ("placed", "open")
    way.work(console_app)
    assert len(way.tasks_of(console_app, placed)) == len(way.TASKS)


def test_where_no_stage_applies_nobody_had_to_approve_and_no_mail_says_so(
    console_app: Any, acme: Any, item_at: Any, portal_of: Any
) -> None:
    item = item_at(acme, "Mouse", **{**way.LAPTOP, "price_once": "9", "chain": {"stages": [way.ADMIN]}})
    placed = way.order(console_app, acme, item)
    sent = asked.mails(console_app, way.MONDAY, acme)
    assert way.states(console_app, placed)[0] == "placed"
    assert [mail["Subject"] for _, mail in sent if mail["Subject"].startswith("Approved")] == []
    for path in (f"/requests/{way.ticket_of(console_app, placed).ref}", f"/approvals/{way.approval_of(console_app, placed).id}"):
        text = portal_of(acme).get(path).text
        assert "Nobody had to approve this." in text
        assert "See the approval" not in text


def test_whoever_gets_it_does_not_approve_it(console_app: Any, acme: Any, laptop: Any) -> None:
    manager = acme.people["manager"]
    own = way.order(console_app, acme, laptop, person="admin", for_contact_id=manager.id)
    way.work(console_app)
    assert asked.open_names(console_app, way.approval_of(console_app, own)).isdisjoint({"Manager", "Admin"})
    agent, actor = world.agent(console_app, "agent", "account_manager")
    with clock.at(way.MONDAY), world.acting(console_app, actor):
        ours = orders.order(laptop.id, number=1, answers=way.ANSWERS, contact_id=acme.people["requester"].id, by=actor)
    assert way.approval_of(console_app, ours).barred == sorted([f"agent:{agent.id}", f"contact:{acme.people['requester'].id}"])


def test_withdrawn_and_expired_orders_are_cancelled_in_words(console_app: Any, acme: Any, laptop: Any) -> None:
    withdrawn, expired = way.order(console_app, acme, laptop), way.order(console_app, acme, laptop)
    approval = way.approval_of(console_app, withdrawn)
    with clock.at(way.MONDAY), world.acting(console_app, acme.actor()) as by:
        answering.withdraw(approval.id, by=by)
    late = way.MONDAY + timedelta(days=31)
    asked.sweep(console_app, late)
    way.work(console_app, late)
    name = acme.people["requester"].name
    for placed, reason in ((withdrawn, f"{name} withdrew the order"), (expired, "Nobody decided in time")):
        assert way.states(console_app, placed) == ("cancelled", "cancelled")
        kind, data = way.entries(console_app, placed)[-1]
        assert (kind, data["to"], data["reason"]) == ("moved", "cancelled", reason)


def test_a_request_that_is_withdrawn_asks_nobody_any_more(console_app: Any, acme: Any, laptop: Any) -> None:
    placed = way.order(console_app, acme, laptop)
    with clock.at(way.MONDAY), world.acting(console_app, acme.actor()) as by:
        moves.move(placed.ticket_id, "cancelled", by=by)
    way.work(console_app)
    assert way.states(console_app, placed) == ("cancelled", "cancelled")
    assert way.approval_of(console_app, placed).state == "voided"


def test_what_follows_is_done_once(console_app: Any, acme: Any, laptop: Any) -> None:
    placed = way.order(console_app, acme, laptop)
    approval = way.approval_of(console_app, placed)
    way.answer(console_app, acme, placed, "manager")
    plan_id = way.now(console_app, placed).plan_id
    with clock.at(way.MONDAY), world.as_staff(console_app):
        by = fulfilling.clerk(acme.id)
        fulfilling.follow_decision(acme.id, placed.id, approval.id, by=by)
        fulfilling.plan(acme.id, placed.id, by=fulfilling.planner(acme.id))
        fulfilling.finish(acme.id, placed.ticket_id, uuid4(), by=by)
        fulfilling.finish(acme.id, placed.ticket_id, plan_id, by=by)  # its tasks are open
    way.work(console_app)
    assert way.states(console_app, placed) == ("placed", "open")
    assert len(way.tasks_of(console_app, placed)) == 3
    assert [kind for kind, _ in way.entries(console_app, placed)].count("order_approved") == 1


@pytest.mark.parametrize(("pauses", "standing"), [(["waiting_for_approval"], "paused"), (["waiting_for_client"], "running")])
def test_the_clock_waits_for_an_approval_where_the_policy_says_so(
    console_app: Any, acme: Any, laptop: Any, pauses: list[str], standing: str
) -> None:
    with world.as_staff(console_app) as by:
        target = {"minutes": 600, "calendar_id": str(library.calendar_ids(acme.id)["Around the clock"])}
        content = {
            "conditions": {"kind": "request"}, "pause_states": pauses,
            "targets": {f"P{number}": {"resolution": target} for number in (1, 2, 3, 4)},
        }  # fmt: skip
        definitions.add_definition(acme.id, "policy", "Orders", content, by=by)
    placed = way.order(console_app, acme, laptop)
    assert passing.the_clock(console_app, way.ticket_of(console_app, placed)).standing == standing
    way.answer(console_app, acme, placed, "manager")
    assert passing.the_clock(console_app, way.ticket_of(console_app, placed)).standing == "running"


def test_whoever_is_asked_and_whoever_ordered_are_mailed(console_app: Any, acme: Any, laptop: Any) -> None:
    placed = way.order(console_app, acme, laptop)
    manager, requester = acme.people["manager"], acme.people["requester"]
    mail = asked.mail_to(asked.mails(console_app, way.MONDAY, acme), manager)
    assert mail["Subject"] == f"Your decision: Laptop for {requester.name}, £980.00"
    said = text_of(mail)
    assert all(words in said for words in ("She starts on Monday", "14 inch", "then Set it up", "/decide/"))
    with clock.at(way.MONDAY), world.acting(console_app, acme.actor("manager")) as by:
        answering.decide(way.approval_of(console_app, placed).id, False, reason="There are two on the shelf.", by=by)
    told = [text_of(mail) for address, mail in asked.mails(console_app, way.MONDAY, acme) if address == requester.e_mail]
    assert any("There are two on the shelf." in text for text in told)
    with clock.at(way.MONDAY), world.acting(console_app, acme.actor()) as by:
        correcting.change_order(placed.id, way.ANSWERS, version=way.now(console_app, placed).version, by=by)
    assert asked.mail_to(asked.mails(console_app, way.MONDAY, acme), manager), "it is asked again"


def test_an_agent_orders_and_the_requester_has_asked(console_app: Any, acme: Any, laptop: Any) -> None:
    _, agent = world.agent(console_app)
    with clock.at(way.MONDAY), world.acting(console_app, agent) as by:
        placed = orders.order(laptop.id, number=1, answers=way.ANSWERS, contact_id=acme.people["manager"].id, by=by)
    approval = way.approval_of(console_app, placed)
    assert approval.requester_name == acme.people["manager"].name
    assert asked.open_names(console_app, approval) == {"Admin"}, "he does not approve what he asked for himself"


def test_a_hidden_price_decides_but_is_not_shown(console_app: Any, acme: Any, item_at: Any) -> None:
    dear = item_at(acme, "Server", price_once="5000", is_price_shown=False, chain={"stages": [way.ADMIN]})
    approval = way.approval_of(console_app, way.order(console_app, acme, dear, answers={}))
    assert (approval.state, approval.shown["once"]) == ("waiting", None)


def test_a_request_is_filed_under_the_items_category(console_app: Any, acme: Any, item_at: Any) -> None:
    with world.as_staff(console_app) as by:
        hardware = ticket_categories.add_category(acme.id, "Hardware", by=by)
    for path, found in (("hardware", hardware.id), ("Elsewhere", None)):
        placed = way.order(console_app, acme, item_at(acme, world.unique("Mouse"), ticket_category=path), answers={})
        assert way.ticket_of(console_app, placed).category_id == found


def test_a_retired_team_leaves_its_task(console_app: Any, acme: Any, item_at: Any) -> None:
    with world.as_staff(console_app) as by:
        team = people.add_team(world.unique("Field "), by=by)
    item = item_at(acme, "Mouse", tasks=[{"title": "Send it", "team_id": str(team.id)}])
    placed = way.order(console_app, acme, item, answers={})
    with world.as_staff(console_app) as by:
        people.change_team(team.id, version=team.version, name=team.name, is_active=False, by=by)
    way.work(console_app)
    assert way.tasks_of(console_app, placed) == {"Send it": "open"}


def test_nobody_else_changes_an_order(console_app: Any, acme: Any, birch: Any, laptop: Any) -> None:
    placed = way.order(console_app, acme, laptop)
    for other in (birch.actor(), birch.actor("admin"), acme.actor("manager")):
        with world.acting(console_app, other) as by, pytest.raises(NotFound):
            correcting.change_order(placed.id, way.ANSWERS, version=1, by=by)
    stranger = world.agent(console_app, clients=[birch.id])[1]
    with world.acting(console_app, stranger) as by, pytest.raises(NotFound):
        correcting.change_order(placed.id, way.ANSWERS, version=1, by=by)
    _, reader = world.agent(console_app, "read_only")
    with world.acting(console_app, reader) as by, pytest.raises(Forbidden):
        correcting.change_order(placed.id, way.ANSWERS, version=1, by=by)


@pytest.mark.parametrize(
    ("field", "value", "pointer"),
    [
        ("chain", {"stages": []}, "/chain/stages"),
        ("chain", {"stages": [{"name": "", "approvers": [{"role": "king"}]}]}, "/chain/stages/0/name"),
        ("chain", {"stages": [{**way.MANAGER, "condition": {"field": "colour", "operator": "=", "value": "red"}}]},
         "/chain/stages/0/condition/field"),
        ("chain", {"stages": [{"name": "X", "approvers": [{"contact": str(uuid4())}]}]}, "/chain/stages/0/approvers/0"),
        ("chain", {"stages": [{"name": "X", "approvers": [{"agent": str(uuid4())}]}]}, "/chain/stages/0/approvers/0"),
        ("chain", [], "/chain/stages"),
        ("tasks", "Send it", "/tasks"),
        ("tasks", ["Send it"], "/tasks/0"),
        ("tasks", [{"title": " "}], "/tasks/0/title"),
        ("tasks", [{"title": "A", "colour": "red"}], "/tasks/0/colour"),
        ("tasks", [{"title": "A", "after": ["b"]}], "/tasks/0/after"),
        ("tasks", [{"title": "A", "key": "a", "after": ["b"]}, {"title": "B", "key": "b", "after": ["a"]}], "/tasks"),
        ("tasks", [{"title": "A", "due_minutes": "soon"}], "/tasks/0/due_minutes"),
        ("tasks", [{"title": "A", "team_id": str(uuid4())}], "/tasks/0/team_id"),
        ("tasks", [{"title": "A", "team_id": "field"}], "/tasks/0/team_id"),
    ],
)  # fmt: skip
def test_chain_and_tasks_are_checked_with_pointers(acme: Any, item_at: Any, field: str, value: Any, pointer: str) -> None:
    with pytest.raises(Invalid) as refused:
        item_at(acme, "Laptop", **{field: value})
    assert pointer in [error.pointer for error in refused.value.errors]


def test_a_reason_arrives_whatever_article_it_names(console_app: Any, acme: Any, laptop: Any) -> None:
    held_back = published(console_app, "Laptops on the shelf", acme, readers="managers")
    reason = f"See /help/{held_back.id}"
    placed = way.order(console_app, acme, laptop)
    way.answer(console_app, acme, placed, "manager", False, reason)
    assert way.states(console_app, placed) == ("declined", "waiting_for_client")
    assert way.ticket_of(console_app, placed).waiting_reason == f"{acme.people['manager'].name} declined: {reason}"
    with world.as_staff(console_app) as by, pytest.raises(Invalid):  # our own words are still held to it
        moves.move(placed.ticket_id, "waiting_for_supplier", reason=reason, by=by)
