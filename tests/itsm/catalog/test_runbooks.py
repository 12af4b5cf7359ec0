"""Items whose tasks runbooks do: what they are told, done to the end, failed, switched off; who may name which."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from msp.core import clock
from msp.core.errors import Forbidden, Invalid
from msp.itsm.catalog import difference, library
from msp.itsm.catalog.services import fulfilling, items, orders, templates
from msp.itsm.runbooks.services import books
from msp.itsm.tasks import queries as tasks
from msp.itsm.tickets import queries as tickets
from tenants.services import clients
from tests.itsm.approvals import asked
from tests.itsm.catalog import on_its_way as way
from tests.itsm.catalog.test_api import call, lead  # noqa: F401  # fixtures
from tests.itsm.runbooks.making import MONDAY, listening, runbook, runs, send
from tests.support import world
from tests.support.post import text_of

FORM = {"parts": [
    {"name": "who", "kind": "text", "label": "Full name", "required": True},
    {"name": "site", "kind": "site", "label": "Where"},
    {"name": "kit", "kind": "multi_choice", "label": "What with", "options": [
        {"value": "laptop", "label": "A laptop"}, {"value": "phone", "label": "A phone"}]},
    {"name": "boss", "kind": "person", "label": "Who leads them"},
    {"name": "contract", "kind": "file", "label": "Contract"},
]}  # fmt: skip
TOLD = {
    "person": {"from": "order.answer", "value": "who"}, "site": {"from": "order.answer", "value": "site"},
    "kit": {"from": "order.answer", "value": "kit"}, "boss": {"from": "order.answer", "value": "boss"},
    "mail_to": {"from": "requester.e_mail"}, "orderer": {"from": "requester.name"}, "getter": {"from": "order.for_name"},
    "getter_mail": {"from": "order.for_e_mail"}, "plan": {"from": "fixed", "value": "E3"}, "item": {"from": "order.item"},
}  # fmt: skip


@pytest.fixture
def other(console_app: Any) -> Any:
    with listening(console_app) as server:
        yield server


@pytest.fixture
def book(console_app: Any, acme: Any, other: Any) -> Any:
    """Takes all of the above, and something that it reads of the ticket itself."""
    inputs = [{"name": name, "from": "task.detail", "required": False} for name in TOLD]
    return runbook(console_app, other.url, *inputs, {"name": "client", "from": "client.key"}, company=acme)


def made(task: dict[str, Any], *more: dict[str, Any]) -> dict[str, Any]:
    return {"form": FORM, "chain": {"stages": [way.MANAGER]}, "tasks": [{"key": "account", "title": "Make the account", **task}, *more]}


def test_an_order_is_done_by_its_runbook_and_resolved(console_app: Any, acme: Any, item_at: Any, book: Any, other: Any) -> None:
    with world.as_staff(console_app) as by:
        site = clients.add_site(acme.id, "Redland Road", by=by)
    item = item_at(acme, "New colleague", **made({"runbook_id": str(book.id), "inputs": TOLD}))
    boss, manager = acme.people["admin"], acme.people["manager"]
    answers = {"who": "Nora Quill", "site": str(site.id), "kit": ["laptop", "phone"], "boss": str(boss.id)}
    placed = way.order(
        console_app, acme, item, person="manager", answers=answers, for_contact_id=acme.people["requester"].id
    )
    assert other.got == [], "nothing runs before it is approved"
    if way.states(console_app, placed)[0] == "asking":
        way.answer(console_app, acme, placed, "admin")
    way.work(console_app)
    [(_, body)] = other.got
    assert body["inputs"] == {
        "person": "Nora Quill", "site": "Redland Road", "kit": "laptop, phone", "boss": boss.name, "mail_to": manager.e_mail,
        "orderer": manager.name, "getter": acme.people["requester"].name, "getter_mail": acme.people["requester"].e_mail,
        "plan": "E3", "item": "New colleague", "client": acme.tenant.key,
    }  # fmt: skip
    assert way.states(console_app, placed) == ("placed", "open")
    assert send(console_app, other, message="Account is there.", outputs={"account": "nora.quill"}).status_code == 200
    mails = asked.mails(console_app, way.MONDAY, acme)
    assert way.states(console_app, placed) == ("placed", "resolved")
    told = text_of(asked.mail_to(mails, manager))
    assert way.ticket_of(console_app, placed).ref in told
    assert "runbook" not in told.lower(), "the client hears that it is done, not by what"
    kinds = [kind for kind, _ in way.entries(console_app, placed)]
    assert kinds[-4:] == ["runbook_started", "runbook_finished", "task_done", "moved"]


def test_what_was_not_answered_is_told_as_the_runbook_says(
    console_app: Any, acme: Any, item_at: Any, book: Any, other: Any
) -> None:
    task = {"runbook_id": str(book.id), "inputs": {"site": {"from": "order.answer", "value": "site"}}, "detail": "As always"}
    placed = way.order(console_app, acme, item_at(acme, "New", **{**made(task), "chain": None}), answers={"who": "Nora"})
    way.work(console_app)
    [(_, body)] = other.got
    assert (body["inputs"]["site"], body["inputs"]["person"]) == ("As always", "As always")
    assert way.ticket_of(console_app, placed).status == "new"


def test_a_run_that_fails_or_is_late_leaves_the_task_failed_and_the_request_open(
    console_app: Any, acme: Any, item_at: Any, book: Any, other: Any
) -> None:
    item = item_at(acme, "New", **{**made({"runbook_id": str(book.id)}, {"title": "Say hello", "after": ["account"]}), "chain": None})
    failed, late = (way.order(console_app, acme, item, answers={"who": name}) for name in ("Nora", "Daan"))
    way.work(console_app)
    assert len(other.got) == 2
    first = next(index for index, (_, body) in enumerate(other.got) if body["ticket"] == way.ticket_of(console_app, failed).ref)
    other.got.append(other.got.pop(first))
    assert send(console_app, other, "failed", message="No licence is left.").status_code == 200
    way.work(console_app, MONDAY + timedelta(hours=2))
    for placed, reason in ((failed, "No licence is left."), (late, "No result came within 60 min.")):
        with world.as_staff(console_app) as by:
            found = tasks.tasks_of(tickets.visible_ticket(placed.ticket_id, by=by), by=by)
            assert [(task.state, task.reason) for task in found] == [("failed", reason), ("waiting", None)]
        assert way.ticket_of(console_app, placed).is_open


def test_a_runbook_that_was_switched_off_leaves_the_task_to_people(
    console_app: Any, acme: Any, item_at: Any, book: Any, other: Any
) -> None:
    item = item_at(acme, "New", **made({"runbook_id": str(book.id), "inputs": TOLD, "detail": "With mailbox"}))
    off, changed = (way.order(console_app, acme, item, answers={"who": "Nora"}) for _ in range(2))
    says = {"url": other.url, "inputs": []}
    with clock.at(MONDAY), world.as_staff(console_app) as by:
        again = books.change_runbook(book.id, version=book.version, given=says, by=by)
    way.answer(console_app, acme, changed, "manager")
    with clock.at(MONDAY), world.as_staff(console_app) as by:
        books.change_runbook(book.id, version=again.version, is_active=False, by=by)
    way.answer(console_app, acme, off, "manager")
    for placed, words in ((off, f"The runbook “{book.name}” is switched off."), (changed, "The runbook takes no “")):
        with world.as_staff(console_app) as by:
            [task] = tasks.tasks_of(tickets.visible_ticket(placed.ticket_id, by=by), by=by)
            assert (task.state, task.runbook_id) == ("open", None)
            assert task.detail.startswith(f"To be done by hand: {words}")
            assert task.detail.endswith("\n\nWith mailbox")
        assert runs(console_app, way.ticket_of(console_app, placed)) == []
        way.end_task(console_app, placed, "Make the account")
        assert way.ticket_of(console_app, placed).status == "resolved"
    assert other.got == []


@pytest.mark.parametrize(
    ("inputs", "pointer", "words"),
    [
        ({"shoe": {"from": "order.item"}}, "/tasks/0/inputs/shoe", "takes no “shoe”"),
        ({"person": {"from": "order.answer", "value": "nobody"}}, "/tasks/0/inputs/person/value", "asks for no “nobody”"),
        ({"person": {"from": "order.answer", "value": "contract"}}, "/tasks/0/inputs/person/value", "asks for no “contract”"),
        ({"person": {"from": "ticket.subject"}}, "/tasks/0/inputs/person/from", "Choose"),
        ({"person": {"from": "fixed", "value": " "}}, "/tasks/0/inputs/person/value", "1 to 500"),
        ({"person": {"from": "order.item", "more": 1}}, "/tasks/0/inputs/person/from", "Choose"),
        ({"person": "Nora"}, "/tasks/0/inputs/person/from", "Choose"), ({"Person!": {}}, "/tasks/0/inputs", "by name"),
        ([1], "/tasks/0/inputs", "An object"),
    ],
)  # fmt: skip
def test_what_a_runbook_is_told_is_checked(
    console_app: Any, acme: Any, item_at: Any, book: Any, inputs: Any, pointer: str, words: str
) -> None:
    with pytest.raises(Invalid) as refused:
        item_at(acme, "New", **made({"runbook_id": str(book.id), "inputs": inputs}))
    [wrong] = refused.value.errors
    assert wrong.pointer == pointer
    assert words in wrong.message


def test_a_plan_names_runbooks_that_may_run_there(console_app: Any, acme: Any, birch: Any, item_at: Any, book: Any, other: Any) -> None:
    refusals = []
    for runbook_id in (book.id, uuid4()):  # of another client, of none: told alike
        with pytest.raises(Invalid) as refused:
            item_at(birch, "New", **made({"runbook_id": str(runbook_id)}))
        refusals.append([(each.pointer, each.code, each.message) for each in refused.value.errors])
    assert refusals[0] == refusals[1] == [("/tasks/0/runbook_id", "unknown", "There is no such runbook for this client.")]
    with pytest.raises(Invalid) as refused:
        item_at(acme, "New", **made({"inputs": TOLD}))
    assert [each.pointer for each in refused.value.errors] == ["/tasks/0/inputs"]
    with world.as_staff(console_app) as by:
        with pytest.raises(Invalid) as refused:
            templates.add_template({"name": world.unique("New "), **made({"runbook_id": str(book.id)})}, by=by)
        assert [each.pointer for each in refused.value.errors] == ["/tasks/0/runbook_id"]
        assert "for all clients. One client’s own is named in its copy." in refused.value.errors[0].message
    shared = runbook(console_app, other.url)
    with world.as_staff(console_app) as by:
        template = templates.add_template({"name": world.unique("New "), **made({"runbook_id": str(shared.id)})}, by=by)
        [again] = templates.import_templates([library.version_of(template.id, template.number).content], by=by)
        assert (again.id, again.number) == (template.id, 1), "what was exported comes back as it is"
        copy = items.take_template(template.id, birch.id, by=by)
    placed = way.order(console_app, birch, copy, answers={"who": "Nora"})
    way.answer(console_app, birch, placed, "manager")
    assert [body["ticket"] for _, body in other.got] == [way.ticket_of(console_app, placed).ref]


def test_only_who_may_run_runbooks_lets_orders_run_them(console_app: Any, acme: Any, item_at: Any, book: Any) -> None:
    with_runbook = made({"runbook_id": str(book.id), "inputs": {"plan": {"from": "fixed", "value": "E1"}}})
    item = item_at(acme, "New", **with_runbook)
    manager = world.agent(console_app, "account_manager")[1]
    with world.acting(console_app, manager) as by:
        with pytest.raises(Forbidden, match="run runbooks"):
            items.add_item(acme.id, {"name": "Other", **with_runbook}, by=by)
        changed = items.change_item(item.id, {"name": "New", **with_runbook, "price_once": "5"}, version=item.version, by=by)
        told = made({"runbook_id": str(book.id), "inputs": {"plan": {"from": "fixed", "value": "E5"}}})
        with pytest.raises(Forbidden):
            items.change_item(item.id, {"name": "New", **told}, version=changed.version, by=by)
        with pytest.raises(Forbidden):
            templates.add_template({"name": world.unique("New "), **with_runbook}, by=by)
    unable = world.system("ticket.triage", "ticket.move")
    with world.as_staff(console_app), pytest.raises(Forbidden):
        fulfilling.plan(acme.id, uuid4(), by=unable)


def test_runbooks_over_the_api(console_app: Any, acme: Any, lead: Any, call: Any, book: Any) -> None:  # noqa: F811
    tasks_in = made({"runbook_id": str(book.id), "inputs": TOLD})["tasks"]
    answer = lead.post(f"/tenants/{acme.id}/catalog/items", name="New colleague", form=FORM, tasks=tasks_in)
    assert answer.status_code == 201, answer.text
    [task] = answer.json["tasks"]
    assert task["runbook_id"] == str(book.id)
    assert task["inputs"]["person"] == {"from": "order.answer", "value": "who"}
    again = lead.patch(f"/catalog/items/{answer.json['id']}", etag=answer.headers["ETag"], tasks=answer.json["tasks"])
    assert (again.status_code, again.json["number"]) == (200, 1), "as it went out it comes in"
    seen = call(acme.actor(), acme).get(f"/catalog/items/{answer.json['id']}").json["tasks"]
    assert [(each["title"], each["runbook_id"], each["inputs"]) for each in seen] == [("Make the account", None, {})]
    wrong = lead.post(
        f"/tenants/{acme.id}/catalog/items", name="Another", form=FORM,
        tasks=made({"runbook_id": str(book.id), "inputs": {"shoe": {"from": "order.item"}}})["tasks"],
    )  # fmt: skip
    assert wrong.status_code == 422
    assert [each["pointer"] for each in wrong.json["errors"]] == ["/tasks/0/inputs/shoe"]
    with clock.at(MONDAY), world.acting(console_app, acme.actor()) as by:
        ticket = orders.order(UUID(answer.json["id"]), number=1, answers={"who": "Nora"}, by=by).ticket_id
        ref = tickets.visible_ticket(ticket, by=by).ref
    way.work(console_app)
    [planned] = lead.get(f"/tickets/{ref}/tasks").json["data"]
    assert planned["runbook_inputs"]["person"] == "Nora"
    odd = lead.post(f"/tickets/{ref}/tasks", tasks=[{"title": "x", "runbook_id": str(book.id), "runbook_inputs": {"shoe": "42"}}])
    assert [each["pointer"] for each in odd.json["errors"]] == ["/tasks/0/runbook_inputs/shoe"]
    bare = lead.post(f"/tickets/{ref}/tasks", tasks=[{"title": "x", "runbook_inputs": {"shoe": "42"}}])
    assert [each["pointer"] for each in bare.json["errors"]] == ["/tasks/0/runbook_inputs"]


def test_a_comparison_says_what_a_runbook_is_told(book: Any) -> None:
    told = {"person": {"from": "order.answer", "value": "who"}, "item": {"from": "order.item", "value": ""}}
    task = {"runbook_id": str(book.id), "inputs": told, "after": []}
    content = made(task, {"key": "hello", "title": "Say hello", "after": ["account"]})
    words = "Make the account (by a runbook; person: An answer: who; item: The item’s name); then Say hello"
    assert difference.said("tasks", content) == words
