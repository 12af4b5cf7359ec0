"""Tasks of a ticket: planned in an order, started, ended, told of, late."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from msp.core import clock, events
from msp.core.db import db
from msp.core.errors import Conflict, Forbidden, Invalid, NotFound, StaleVersion
from msp.core.notify.models import Notification
from msp.core.outbox import forgotten
from msp.core.outbox.models import Outbox
from msp.itsm.tasks import jobs, queries, services
from msp.itsm.tasks.events import TasksFinished
from msp.itsm.tasks.models import Task
from msp.itsm.tasks.services import Draft
from msp.itsm.tickets import queries as tickets
from msp.itsm.tickets.services import moves, opening
from tenants.services import people
from tests.support import world

MONDAY = datetime(2027, 3, 1, 9, tzinfo=UTC)
JOINER = [
    Draft("Make the account", key="account", due_minutes=60),
    Draft("Order the laptop", key="laptop"),
    Draft("Set the laptop up", after=["account", "laptop"], due_minutes=8 * 60),
]


@pytest.fixture
def agent(console_app: Any) -> Any:
    return world.agent(console_app, "agent")[1]


@pytest.fixture
def ticket(console_app: Any, acme: Any) -> Any:
    with clock.at(MONDAY), world.acting(console_app, acme.actor()) as by:
        return opening.open_ticket(acme.id, "New colleague", kind="request", body="On Monday.", by=by)


@pytest.fixture
def desk(console_app: Any, agent: Any, ticket: Any) -> Any:
    """Do something as the agent, on Monday at nine unless it says otherwise, and see the tasks after it by title."""

    class Desk:
        def plan(self, drafts: list[Draft] = JOINER) -> dict[str, Task]:
            with clock.at(MONDAY), world.acting(console_app, agent) as by:
                services.plan_tasks(ticket.id, drafts, by=by)
            return self.tasks()

        def end(self, title: str, state: str = "done", reason: str = "", at: datetime = MONDAY) -> dict[str, Task]:
            task = self.tasks()[title]
            with clock.at(at), world.acting(console_app, agent) as by:
                services.end_task(task.id, state, version=task.version, by=by, reason=reason)
            return self.tasks()

        def reopen(self, title: str) -> dict[str, Task]:
            task = self.tasks()[title]
            with world.acting(console_app, agent) as by:
                services.reopen_task(task.id, version=task.version, by=by)
            return self.tasks()

        def tasks(self) -> dict[str, Task]:
            with world.acting(console_app, agent) as by:
                return {task.title: task for task in queries.tasks_of(ticket, by=by)}

        def states(self) -> list[str]:
            return [task.state for task in self.tasks().values()]

    return Desk()


def news(app: Any, agent_id: Any) -> list[str]:
    with world.as_staff(app):
        return list(db.session.scalars(sa.select(Notification.text).where(Notification.agent_id == agent_id).order_by(Notification.id)))


def work(app: Any, at: datetime) -> None:
    """Let the loop look and a worker do what it asks for."""
    with clock.at(at), app.app_context():
        jobs.sweep()
    with clock.at(at), app.app_context():
        forgotten.do_due("default", within=timedelta(seconds=20))


def test_a_plan_runs_in_its_order_and_its_end_is_told(
    console_app: Any, ticket: Any, agent: Any, desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished: list[TasksFinished] = []
    monkeypatch.setitem(events._handlers, TasksFinished, [finished.append])
    made = desk.plan()
    assert desk.states() == ["open", "open", "waiting"]
    assert made["Make the account"].due_at == MONDAY + timedelta(hours=1)
    desk.end("Make the account")
    assert desk.states() == ["done", "open", "waiting"]
    late = MONDAY + timedelta(hours=7)
    made = desk.end("Order the laptop", "skipped", "There is one on the shelf.", at=late)
    assert desk.states() == ["done", "skipped", "open"]
    # Eight working hours from four in the afternoon: one today, seven tomorrow.
    assert made["Set the laptop up"].due_at == datetime(2027, 3, 2, 16, tzinfo=UTC)
    assert finished == []
    desk.end("Set the laptop up", at=late)
    assert [event.plan_id for event in finished] == [made["Set the laptop up"].plan_id]
    with world.acting(console_app, agent) as by:
        told = [(entry.kind, entry.is_internal) for entry in tickets.timeline(tickets.visible_ticket(ticket.id, by=by), by=by)]
    assert told[-4:] == [("tasks_added", True), ("task_done", True), ("task_skipped", True), ("task_done", True)]


def test_what_cannot_be_done_holds_the_rest_up_until_it_is_opened_again(desk: Any) -> None:
    desk.plan([Draft("First", key="a"), Draft("Second", after=["a"])])
    with pytest.raises(Invalid):
        desk.end("First", "failed")
    desk.end("First", "failed", "No licence left.")
    assert desk.states() == ["failed", "waiting"]
    assert desk.tasks()["First"].reason == "No licence left."
    with pytest.raises(Conflict):
        desk.end("Second")
    desk.reopen("First")
    assert desk.states() == ["open", "waiting"]
    desk.end("First")
    assert desk.states() == ["done", "open"]
    desk.reopen("First")
    assert desk.states() == ["open", "waiting"], "what had begun because of it waits again"


def test_whoever_is_to_do_it_hears_of_it_and_of_its_being_late_once(console_app: Any, acme: Any, desk: Any, agent: Any) -> None:
    doer = world.agent(console_app, "agent")[0]
    with world.as_staff(console_app) as by:
        team = people.add_team(world.unique("Field "), by=by)
        people.set_members(team.id, {doer.id: False}, by=by)
    desk.plan([Draft("Wire the room", assignee_id=doer.id, due_minutes=30), Draft("Test the phone", team_id=team.id)])
    work(console_app, MONDAY)
    assert [text.split(" (")[0] for text in news(console_app, doer.id)][:1] == ["To do: Wire the room"]
    assert any(text.startswith("To do: Test the phone") for text in news(console_app, doer.id))
    work(console_app, MONDAY + timedelta(minutes=29))
    assert not any(text.startswith("Overdue") for text in news(console_app, doer.id))
    for minutes in (31, 32):
        work(console_app, MONDAY + timedelta(minutes=minutes))
    assert sum(text.startswith("Overdue: Wire the room") for text in news(console_app, doer.id)) == 1
    assert news(console_app, agent.id) == []


def test_a_change_moves_the_work_to_somebody_else(console_app: Any, acme: Any, agent: Any, desk: Any) -> None:
    other = world.agent(console_app, "agent")[0]
    task = desk.plan([Draft("Wire the room")])["Wire the room"]
    work(console_app, MONDAY)
    with world.acting(console_app, agent) as by:
        with pytest.raises(StaleVersion):
            services.change_task(task.id, {"title": "x"}, version=9, by=by)
        due = MONDAY + timedelta(days=1)
        changed = services.change_task(task.id, {"assignee_id": other.id, "due_at": due}, version=task.version, by=by)
        assert (changed.assignee_name, changed.due_at, changed.title) == (other.name, due, "Wire the room")
    work(console_app, MONDAY)
    assert [text.split(" (")[0] for text in news(console_app, other.id)] == ["To do: Wire the room"]


@pytest.mark.parametrize(
    ("drafts", "pointer"),
    [
        ([], "/tasks"),
        ([Draft("x")] * 101, "/tasks"),
        ([Draft(" ")], "/tasks/0/title"),
        ([Draft("x", detail="x" * 5001)], "/tasks/0/detail"),
        ([Draft("x", due_minutes=0)], "/tasks/0/due_minutes"),
        ([Draft("x", key="a"), Draft("y", key="a")], "/tasks/1/key"),
        ([Draft("x", after=["b"])], "/tasks/0/after"),
        ([Draft("x", key="a", after=["b"]), Draft("y", key="b", after=["a"])], "/tasks"),
        ([Draft("x"), Draft("y", team_id="stranger")], "/tasks/1/team_id"),  # type: ignore[arg-type]  # replaced below
        ([Draft("x", assignee_id="stranger")], "/tasks/0/assignee_id"),  # type: ignore[arg-type]  # replaced below
    ],
)
def test_what_does_not_fit_is_refused_by_its_place(birch: Any, desk: Any, drafts: list[Draft], pointer: str) -> None:
    stranger = birch.people["requester"].id
    drafts = [
        Draft(d.title, d.key, d.detail, d.after, stranger if d.team_id else None, stranger if d.assignee_id else None, d.due_minutes)
        for d in drafts
    ]
    with pytest.raises(Invalid) as refused:
        desk.plan(drafts)
    assert [error.pointer for error in refused.value.errors] == [pointer]
    assert desk.tasks() == {}


def test_a_closed_ticket_takes_no_tasks(console_app: Any, ticket: Any, agent: Any) -> None:
    with world.acting(console_app, agent) as by:
        moves.move(ticket.id, "resolved", by=by)
        with pytest.raises(Conflict):
            services.plan_tasks(ticket.id, JOINER, by=by)


def test_tasks_are_the_agents_own_and_of_clients_they_see(
    console_app: Any, acme: Any, birch: Any, ticket: Any, desk: Any
) -> None:
    task = desk.plan()["Make the account"]
    elsewhere, reader = world.agent(console_app, "agent", clients=[birch.id])[1], world.agent(console_app, "read_only")[1]
    with world.acting(console_app, elsewhere) as by:
        with pytest.raises(NotFound):
            services.end_task(task.id, "done", version=1, by=by)
        assert task.id not in [row.task.id for row in queries.open_tasks(by=by, whose="all").rows]
    with world.acting(console_app, reader) as by, pytest.raises(Forbidden):
        services.end_task(task.id, "done", version=1, by=by)
    with world.acting(console_app, acme.actor()) as by:
        assert queries.tasks_of(ticket, by=by) == ()
        with pytest.raises(NotFound):
            queries.visible_task(task.id, by=by)


@pytest.mark.parametrize("person", ["agent", "requester"])
def test_tasks_end_with_their_ticket_and_begin_again_with_it(
    console_app: Any, acme: Any, ticket: Any, agent: Any, desk: Any, person: str
) -> None:
    doer = world.agent(console_app, "agent")[0]
    desk.plan([*JOINER, Draft("Wire the room", assignee_id=doer.id, due_minutes=30), Draft("Take a photo")])
    desk.end("Order the laptop")
    desk.end("Take a photo", "skipped", "She has one.")
    who = agent if person == "agent" else acme.actor()
    with clock.at(MONDAY), world.acting(console_app, who) as by:
        moves.move(ticket.id, "resolved", by=by)
    with world.acting(console_app, agent) as by:
        assert ticket.id not in [row.task.ticket_id for row in queries.open_tasks(by=by, whose="all", limit=100).rows]
    made = desk.tasks()
    with pytest.raises(Conflict, match="reopen it first"):
        desk.end("Make the account")
    late = MONDAY + timedelta(hours=2)
    work(console_app, late)
    assert not any(text.startswith("Overdue") for text in news(console_app, doer.id))
    made = desk.tasks()
    assert [task.state for task in made.values()] == ["skipped", "done", "skipped", "skipped", "skipped"]
    assert made["Set the laptop up"].reason == made["Make the account"].reason == "The ticket was resolved."
    assert made["Take a photo"].reason == "She has one."
    with pytest.raises(Conflict, match="reopen it first"):
        desk.reopen("Take a photo")
    with clock.at(late), world.acting(console_app, who) as by:
        moves.move(ticket.id, "open", by=by)
    work(console_app, late)
    made = desk.tasks()
    assert [task.state for task in made.values()] == ["open", "done", "waiting", "open", "skipped"]
    assert (made["Make the account"].due_at, made["Make the account"].reason) == (late + timedelta(hours=1), None)
    with world.acting(console_app, agent) as by:
        told = [entry.kind for entry in tickets.timeline(tickets.visible_ticket(ticket.id, by=by), by=by)]
    assert [kind for kind in told if kind in ("tasks_left", "tasks_resumed")] == ["tasks_left", "tasks_resumed"]


def test_a_moved_ticket_without_tasks_asks_for_no_work(console_app: Any, acme: Any, ticket: Any, agent: Any) -> None:
    with world.acting(console_app, agent) as by:
        moves.move(ticket.id, "cancelled", by=by)
        asked = sa.select(sa.func.count()).where(Outbox.kind == jobs.FOLLOW, Outbox.args["ticket_id"].astext == str(ticket.id))
        assert db.session.scalar(asked) == 0
