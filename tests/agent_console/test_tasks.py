"""Tasks in the console: on the ticket's page, in the list over all clients, and over the API."""

import re
from typing import Any

import pytest

from msp.itsm.tasks import queries, services
from msp.itsm.tasks.models import Task
from msp.itsm.tasks.services import Draft
from msp.itsm.tickets.services import opening
from tests.support import world
from tests.support.caller import Caller
from tests.support.pages import words
from tests.support.statements import counted


@pytest.fixture
def ticket(console_app: Any, acme: Any) -> Any:
    with world.acting(console_app, acme.actor()) as by:
        return opening.open_ticket(acme.id, "New colleague", body="On Monday.", by=by)


def tasks(app: Any, ticket: Any) -> list[Task]:
    with world.as_staff(app) as by:
        return list(queries.tasks_of(ticket, by=by))


def test_a_task_is_added_done_and_opened_again_on_the_tickets_page(console_app: Any, acme: Any, ticket: Any, sit: Any) -> None:
    desk, here = sit(), f"/tickets/{ticket.ref}"
    answer = desk.post(f"{here}/tasks", title="Order the laptop", detail="14 inch", due_minutes="120", assignee=str(desk.actor.id))
    assert answer.status_code == 303
    page = words(desk.get(here))
    assert "0 of 1 task done" in page
    assert "Order the laptop" in page
    assert "due today 12:00" in page
    [task] = tasks(console_app, ticket)
    assert "Order the laptop" in words(desk.get("/tasks"))
    refused = desk.post(f"{here}/tasks/{task.id}", act="skipped", task_version=str(task.version))
    assert refused.status_code == 422
    assert "Say why." in words(refused)
    assert desk.post(f"{here}/tasks/{task.id}", act="done", task_version=str(task.version)).status_code == 303
    page = words(desk.get(here))
    assert "1 of 1 task done" in page
    assert re.search(r"did “Order the laptop”", page)
    assert "Order the laptop" not in words(desk.get("/tasks"))
    stale = desk.post(f"{here}/tasks/{task.id}", act="reopen", task_version=str(task.version))
    assert stale.status_code == 412
    [task] = tasks(console_app, ticket)
    assert desk.post(f"{here}/tasks/{task.id}", act="reopen", task_version=str(task.version)).status_code == 303
    assert "0 of 1 task done" in words(desk.get(here))


def test_a_refused_task_keeps_what_was_typed_in_its_dialog(ticket: Any, sit: Any) -> None:
    answer = sit().post(f"/tickets/{ticket.ref}/tasks", title="Wire it", detail="All of it.", due_minutes="soon", dialog="task")
    assert answer.status_code == 422
    assert "This is no number." in words(answer)
    assert re.search(r'id="task" [^>]*data-open', answer.text)
    assert 'value="Wire it"' in answer.text
    assert "All of it." in answer.text


def test_clients_see_no_task_and_strangers_reach_none(
    console_app: Any, acme: Any, birch: Any, ticket: Any, sit: Any, portal_of: Any
) -> None:
    sit().post(f"/tickets/{ticket.ref}/tasks", title="Look into the salary list")
    [task] = tasks(console_app, ticket)
    assert "salary" not in portal_of(acme).get(f"/requests/{ticket.ref}").text
    limited = sit(birch)
    assert limited.post(f"/tickets/{ticket.ref}/tasks/{task.id}", act="done", task_version="1").status_code == 404
    assert "salary" not in limited.get("/tasks?whose=all").text
    with world.acting(console_app, birch.actor()) as by:
        other = opening.open_ticket(birch.id, "Another", body="x", by=by)
    assert sit().post(f"/tickets/{other.ref}/tasks/{task.id}", act="done", task_version="1").status_code == 404


def test_the_list_asks_the_same_however_long_it_is(console_app: Any, ticket: Any, sit: Any) -> None:
    desk = sit()

    def plan(count: int) -> None:
        with world.acting(console_app, desk.actor) as by:
            services.plan_tasks(ticket.id, [Draft(f"Do {n}", assignee_id=desk.actor.id) for n in range(count)], by=by)

    def asked(path: str) -> int:
        with counted(console_app) as statements:
            assert desk.get(path).status_code == 200
        return len(statements)

    plan(1)
    pages = ("/tasks", f"/tickets/{ticket.ref}")
    few = [asked(path) and asked(path) for path in pages]
    plan(6)
    assert [asked(path) for path in pages] == few


def test_the_api_plans_lists_and_ends(console_app: Any, acme: Any, birch: Any, ticket: Any) -> None:
    agent = Caller(console_app, "console.localhost", world.agent(console_app, "agent")[1], "tickets:write")
    plan = {"tasks": [{"title": "Account", "key": "a"}, {"title": "Laptop", "after": ["a"], "due_minutes": 60}]}
    made = agent("POST", f"/tickets/{ticket.ref}/tasks", json=plan)
    assert [(each["title"], each["state"]) for each in made.json["data"]] == [("Account", "open"), ("Laptop", "waiting")]
    one = f"/tasks/{made.json['data'][0]['id']}"
    assert agent("POST", f"{one}/end", json={"state": "done"}).status_code == 428
    shown = agent("GET", one)
    unsaid = agent("POST", f"{one}/end", {"If-Match": shown.headers["ETag"]}, json={"state": "failed"})
    assert (unsaid.status_code, unsaid.json["errors"][0]["pointer"]) == (422, "/reason")
    done = agent("POST", f"{one}/end", {"If-Match": shown.headers["ETag"]}, json={"state": "done"})
    assert (done.json["state"], done.json["ended_by"] != "") == ("done", True)
    listed = agent("GET", f"/tickets/{ticket.ref}/tasks").json["data"]
    assert [each["state"] for each in listed] == ["done", "open"]
    assert listed[1]["id"] in [each["id"] for each in agent("GET", "/tasks?whose=all").json["data"]]
    circle = agent("POST", f"/tickets/{ticket.ref}/tasks", json={"tasks": [{"title": "x", "key": "a", "after": ["a"]}]})
    assert (circle.status_code, circle.json["errors"][0]["code"]) == (422, "circle")
    limited = Caller(console_app, "console.localhost", world.agent(console_app, "agent", clients=[birch.id])[1], "tickets:write")
    assert limited("GET", one).status_code == 404
    reader = Caller(console_app, "console.localhost", world.agent(console_app, "agent")[1], "tickets:read")
    assert reader("POST", f"{one}/end", {"If-Match": "*"}, json={"state": "done"}).status_code == 403
