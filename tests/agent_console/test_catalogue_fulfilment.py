"""Approval and tasks of an item in its editor, and of an order on its ticket: written, moved, refused with what was typed, quoted."""

import re
from typing import Any

import pytest

from msp.itsm.catalog.services import items, templates
from tenants.services import people
from tests.agent_console.test_catalogue import GOOD, lead, one_item, post  # noqa: F401  # fixtures
from tests.itsm.catalog import on_its_way as way
from tests.itsm.runbooks.making import runbook
from tests.support import world

MANAGER = {
    "stage-0-name": "Manager", "stage-0-roles": ["manager"], "stage-0-remind": "24", "stage-0-expires": "72", "stage-0-operator": ">",
}  # fmt: skip
MONEY = {
    "stage-1-name": "Money", "stage-1-roles": ["client_admin", "cost_centre_owner"], "stage-1-needed": "1", "stage-1-field": "once",
    "stage-1-operator": ">", "stage-1-value": "500", "stage-1-flags": ["escalates"],
}  # fmt: skip
TASKS = {
    "task-0-title": "Order it", "task-0-hours": "1.5", "task-1-title": "Unpack it", "task-1-after": "1", "task-1-detail": "Gently",
    "task-2-title": "", "task-2-after": "",
}  # fmt: skip
SENT = {**GOOD, "carried_out": "1", **MANAGER, **MONEY, **TASKS}


def test_stages_and_tasks_are_written_shown_and_kept(
    console_app: Any, acme: Any, lead: Any, post: Any, console_of: Any  # noqa: F811
) -> None:
    with world.as_staff(console_app) as by:
        team = people.add_team(world.unique("Field "), by=by)
    base, named = f"/clients/{acme.id}/catalogue", acme.people["manager"]
    sent = {**SENT, "stage-0-named": f" {named.e_mail} ", "task-1-team": str(team.id)}
    answer = post(lead, f"{base}/new", **sent)
    assert answer.status_code == 303, answer.text
    content = one_item(console_app, acme).content
    assert content["chain"] == {"stages": [
        {"name": "Manager", "approvers": [{"role": "manager"}, {"contact": str(named.id)}], "expires_after_hours": 72,
         "remind_after_hours": 24},
        {"name": "Money", "approvers": [{"role": "client_admin"}, {"role": "cost_centre_owner"}], "needed": 1, "expires_after_hours": 720,
         "escalates": True, "condition": {"field": "once", "operator": ">", "value": 500}},
    ]}  # fmt: skip
    assert content["tasks"] == [
        {"key": "task_1", "title": "Order it", "detail": "", "after": [], "team_id": None, "due_minutes": 90},
        {"key": "task_2", "title": "Unpack it", "detail": "Gently", "after": ["task_1"], "team_id": str(team.id), "due_minutes": None},
    ]
    page = console_of(lead).get(f"{base}/items/{one_item(console_app, acme).item.id}").text
    fields = dict(re.findall(r'name="((?:stage|task)-[\w-]+)" type="text" value="([^"]*)"', page))
    assert (fields["stage-0-named"], fields["stage-1-value"], fields["task-0-hours"], fields["task-1-after"]) == (
        named.e_mail, "500", "1.5", "1",
    )  # fmt: skip
    assert 'name="stage-2-name"' in page, "a blank one to be filled in"


def test_an_option_is_typed_as_it_is_called_and_kept_as_answers_hold_it(
    console_app: Any, acme: Any, lead: Any, post: Any, console_of: Any  # noqa: F811
) -> None:
    labels = {"small": "14 inch, light", "large": "16 inch", "huge": "20 inch"}
    options = [{"value": value, "label": label} for value, label in labels.items()]
    size = {"name": "size", "kind": "multi_choice", "label": "Size", "options": options}
    with world.as_staff(console_app) as by:
        made = items.add_item(acme.id, {"name": "Screens", "form": {"parts": [size]}}, by=by)
    path = f"/clients/{acme.id}/catalogue/items/{made.id}"
    stage = {"stage-0-name": "Big", "stage-0-roles": ["manager"], "stage-0-field": "size", "stage-0-operator": "="}
    sent = {**GOOD, "name": "Screens", "carried_out": "1", **stage}
    for wrong in ("17 inch", ""):
        refused = post(lead, path, version="1", **sent, **{"stage-0-value": wrong})
        assert refused.status_code == 422
        said = "One of its options: 14 inch, light, 16 inch, 20 inch." if wrong else "Say what it is compared with."
        assert re.search(rf'href="#f-stage-0-value"[^>]*>[^<]*{said}', refused.text), refused.text
    over = post(lead, path, version="1", **{**sent, "stage-0-operator": ">", "stage-0-value": "16 inch"})
    assert (over.status_code, "An option is, is not, or is one of." in over.text) == (422, True)
    for typed, operator, kept, shown in (
        ("16 INCH", "=", "large", "16 inch"), ("14 inch, light; huge", "in", ["small", "huge"], "14 inch, light; 20 inch"),
    ):  # fmt: skip
        version = str(one_item(console_app, acme).item.version)
        written = post(lead, path, version=version, **{**sent, "stage-0-operator": operator, "stage-0-value": typed})
        assert written.status_code == 303, written.text
        content = one_item(console_app, acme).content
        assert content["chain"]["stages"][0]["condition"] == {"field": "size", "operator": operator, "value": kept}
        assert f'name="stage-0-value" type="text" value="{shown}"' in console_of(lead).get(path).text


def test_rows_are_moved_and_removed_without_script(acme: Any, lead: Any, post: Any) -> None:  # noqa: F811
    path = f"/clients/{acme.id}/catalogue/new"
    up = post(lead, path, **SENT, rows="task:up:1").text
    assert up.index('value="Unpack it"') < up.index('value="Order it"')
    assert re.search(r'name="task-0-after" type="text" value="2"', up), "it still waits for the other"
    gone = post(lead, path, **SENT, rows="task:drop:0").text
    assert 'value="Order it"' not in gone
    assert re.search(r'name="task-0-after" type="text" value=""', gone)
    stages = post(lead, path, **SENT, rows="stage:drop:0").text
    assert 'name="stage-0-name" type="text" value="Money"' in stages
    assert 'value="Order it"' in stages


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"stage-0-named": "nobody@nowhere.example"}, "stage-0-named", "A contact or an agent"),
        ({"stage-0-expires": "soon"}, "stage-0-expires", "whole number"),
        ({"stage-1-value": "much"}, "stage-1-value", "number"),
        ({"stage-0-name": ""}, "stage-0-name", "name"),
        ({"task-1-after": "7"}, "task-1-after", "no task"),
        ({"task-0-hours": "long"}, "task-0-hours", "whole number"),
        ({"task-0-after": "2"}, "tasks", "wait for each other"),
    ],
)
def test_what_is_wrong_in_a_row_is_told_there_and_kept(
    acme: Any, lead: Any, post: Any, fields: dict[str, str], field: str, words: str  # noqa: F811
) -> None:
    answer = post(lead, f"/clients/{acme.id}/catalogue/new", **{**SENT, **fields})
    assert answer.status_code == 422
    assert re.search(rf'href="#f-{field}"[^>]*>[^<]*{words}', answer.text), answer.text
    assert all(f'value="{value}"' in answer.text for value in fields.values() if value)


def test_a_template_names_roles_and_its_difference_is_in_words(
    console_app: Any, acme: Any, lead: Any, post: Any, console_of: Any  # noqa: F811
) -> None:
    wrong = post(lead, "/settings/catalogue/new", **{**SENT, "stage-0-named": acme.people["manager"].e_mail})
    assert wrong.status_code == 422
    name = world.unique("Laptop")
    with world.as_staff(console_app) as by:
        template = templates.add_template({"name": name, **way.LAPTOP}, by=by)
        copy = items.take_template(template.id, acme.id, by=by)
    page = console_of(lead).get(f"/settings/catalogue/{template.id}").text
    assert 'value="Order the laptop"' in page
    plain = {**GOOD, "name": name, "carried_out": "1", "version": str(copy.version)}
    assert post(lead, f"/clients/{acme.id}/catalogue/items/{copy.id}", **plain).status_code == 303
    words = console_of(lead).get(f"/clients/{acme.id}/catalogue/items/{copy.id}/template").text
    assert "Manager (a manager); then Money (a client administrator, only if the price is over 1,000)" in words
    assert "Order the laptop, Make the account; then Set it up" in words


def test_a_ticket_shows_its_approval_and_takes_a_quote(
    console_app: Any, acme: Any, post: Any, console_of: Any  # noqa: F811
) -> None:
    with world.as_staff(console_app) as by:
        room = items.add_item(acme.id, {"name": "Room", "is_quoted": True}, by=by)
    placed = way.order(console_app, acme, room, answers={})
    agent, ref = world.agent(console_app)[1], way.ticket_of(console_app, placed).ref
    assert "Waits for our quote" in console_of(agent).get(f"/tickets/{ref}").text
    version = str(placed.version)
    wrong = post(agent, f"/tickets/{ref}/quote", order_version=version, once="lots", words="Screen and wiring")
    assert wrong.status_code == 422
    assert 'value="lots"' in wrong.text
    assert "Screen and wiring" in wrong.text
    sent = post(agent, f"/tickets/{ref}/quote", order_version=version, once="1,200", words="Screen and wiring")
    assert sent.status_code == 303, sent.text
    page = console_of(agent).get(f"/tickets/{ref}").text
    assert f"/approvals/{way.approval_of(console_app, placed).id}" in page
    assert "quoted £1,200" in page
    reader = world.agent(console_app, "read_only")[1]
    assert post(reader, f"/tickets/{ref}/quote", order_version=version, once="1").status_code == 403
    plain = way.order(console_app, acme, one_more(console_app, acme), answers={})
    assert post(agent, f"/tickets/{way.ticket_of(console_app, plain).ref}/quote", once="1").status_code == 412


def one_more(app: Any, company: Any) -> Any:
    with world.as_staff(app) as by:
        return items.add_item(company.id, {"name": "Headset"}, by=by)


def test_a_runbook_is_chosen_for_a_task_and_told_what_was_answered(
    console_app: Any, acme: Any, birch: Any, lead: Any, post: Any, console_of: Any  # noqa: F811
) -> None:
    inputs = [{"name": "person", "from": "task.detail"}, {"name": "plan", "from": "task.title"}]
    book, other = (runbook(console_app, "https://runbooks.example/joiner", *inputs, company=of) for of in (acme, birch))
    path = f"/clients/{acme.id}/catalogue"
    chosen = {"task-0-runbook": str(book.id), "task-0-shown": "", "task-0-in-person-from": "order.item"}
    shown = post(lead, f"{path}/new", **SENT, **chosen, rows="task:told").text
    assert f">{other.name}<" not in shown, "another client's is not offered"
    assert re.search(rf'<option value="{book.id}" selected>{book.name}', shown)
    assert re.search(r'name="task-0-in-person-from".*?<option value="">As it says itself: Task: detail<', shown, re.DOTALL)
    told = {
        **chosen, "task-0-shown": str(book.id), "task-0-in-person-from": "order.for_name", "task-0-in-plan-from": "fixed",
        "task-0-in-plan-value": "",
    }  # fmt: skip
    wrong = post(lead, f"{path}/new", **SENT, **told)
    assert wrong.status_code == 422
    assert re.search(r'href="#f-task-0-in-plan-value"[^>]*>[^<]*1 to 500', wrong.text), wrong.text
    assert re.search(r'<option value="order.for_name" selected', wrong.text)
    assert post(lead, f"{path}/new", **SENT, **{**told, "task-0-in-plan-value": "E3"}).status_code == 303
    entry = one_item(console_app, acme)
    assert (entry.content["tasks"][0]["runbook_id"], entry.content["tasks"][0]["inputs"]) == (
        str(book.id), {"person": {"from": "order.for_name", "value": ""}, "plan": {"from": "fixed", "value": "E3"}},
    )  # fmt: skip
    assert "runbook_id" not in entry.content["tasks"][1]
    page = console_of(lead).get(f"{path}/items/{entry.item.id}").text
    assert re.search(r'name="task-0-in-plan-value" type="text" value="E3"', page)
    moved = post(lead, f"{path}/new", **SENT, **{**told, "task-0-in-plan-value": "E3"}, rows="task:up:1").text
    assert re.search(r'name="task-1-in-plan-value" type="text" value="E3"', moved), "it goes along with its task"
    foreign = post(lead, f"{path}/new", **{**SENT, "name": "Other"}, **{**told, "task-0-runbook": str(other.id)})
    assert foreign.status_code == 422
    assert re.search(r'href="#f-task-0-runbook"[^>]*>[^<]*no such runbook', foreign.text)
    manager = world.agent(console_app, "account_manager")[1]
    assert post(manager, f"{path}/new", **{**SENT, "name": "Other"}, **{**told, "task-0-in-plan-value": "E3"}).status_code == 403
