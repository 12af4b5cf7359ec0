"""Runbooks at work: called, answered, called back, retried, too late; what becomes of the task and the ticket."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from msp.core import clock
from msp.core.db import db, transaction
from msp.core.errors import Conflict, Forbidden, Invalid, NotFound
from msp.core.outbox import worker
from msp.core.outbox.models import Outbox
from msp.core.scope import Scope
from msp.itsm.runbooks import calling
from msp.itsm.runbooks.services import books, running
from msp.itsm.tasks import services as task_services
from msp.itsm.tasks.services import Draft
from msp.itsm.tickets.services import moves, opening, triage
from tests.itsm.runbooks.making import MONDAY, PERSON, attempts, listening, plan, runbook, runs, send, states, work
from tests.itsm.sla.passing import entries, told
from tests.itsm.sla.test_web_hooks import verified
from tests.support import world


@pytest.fixture
def agent(console_app: Any) -> Any:
    return world.agent(console_app, "agent")[1]


@pytest.fixture
def ticket(console_app: Any, acme: Any) -> Any:
    with clock.at(MONDAY), world.acting(console_app, acme.actor()) as by:
        return opening.open_ticket(acme.id, "New colleague", kind="request", body="On Monday.", by=by)


@pytest.fixture
def other(console_app: Any) -> Any:
    with listening(console_app) as server:
        yield server


def joiner(runbook_id: Any) -> list[Draft]:
    return [
        Draft("Make the account", key="account", detail="Nora Quill", runbook_id=runbook_id), Draft("Set the laptop up", after=["account"]),
    ]  # fmt: skip


def test_a_task_is_done_by_its_runbook(console_app: Any, acme: Any, agent: Any, ticket: Any, other: Any) -> None:
    book = runbook(console_app, other.url, PERSON, {"name": "client", "from": "client.key"}, company=acme)
    plan(console_app, ticket, agent, *joiner(book.id))
    work(console_app, MONDAY)
    [(headers, body)] = other.got
    with console_app.app_context():
        secret = calling.webhooks.secret_text(calling.secrets_of(book)[0])
    [run] = runs(console_app, ticket)
    assert verified(secret, headers, headers["content"].encode())
    assert headers["webhook-id"] == body["run_id"] == str(run.id)
    assert (body["type"], body["ticket"], body["task"]) == ("runbook.run", ticket.ref, "Make the account")
    assert body["inputs"] == {"person": "Nora Quill", "client": acme.tenant.key}
    assert (run.state, run.due_at) == ("running", MONDAY + timedelta(hours=1))
    assert states(console_app, ticket) == [("open", None), ("waiting", None)]

    told = send(console_app, other, message="Account is there.", outputs={"account": "nora.quill"})
    assert (told.status_code, told.json) == (200, {"state": "finished"})
    assert states(console_app, ticket) == [("done", None), ("open", None)]
    [run] = runs(console_app, ticket)
    assert (run.state, run.words, run.outputs) == ("finished", "Account is there.", {"account": "nora.quill"})
    [entry] = entries(console_app, ticket, "runbook_finished")
    assert (entry.is_internal, entry.actor_name) == (True, f"Runbook “{book.name}”")
    assert entry.data["said"] == ": Account is there. (account: nora.quill)"
    [done] = entries(console_app, ticket, "task_done")
    assert done.actor_name == f"Runbook “{book.name}”"
    assert [(each.number, each.status) for each in attempts(console_app, run)] == [(1, 202)]


def test_a_result_is_told_once_and_for_its_own_run_alone(
    console_app: Any, acme: Any, birch: Any, agent: Any, ticket: Any, other: Any
) -> None:
    book = runbook(console_app, other.url)
    plan(console_app, ticket, agent, Draft("First", runbook_id=book.id), Draft("Second", runbook_id=book.id))
    with clock.at(MONDAY), world.acting(console_app, birch.actor()) as by:
        theirs = opening.open_ticket(birch.id, "Another", body="x", by=by)
    plan(console_app, theirs, agent, Draft("Third", runbook_id=book.id))
    work(console_app, MONDAY)
    calls = [body["callback"] for _, body in other.got]
    assert len(calls) == 3

    def say(address: str, token: str) -> Any:
        path = address.partition("console.localhost")[2]
        body = {"token": token, "outcome": "finished"}
        return console_app.test_client().post(path, json=body, base_url="http://console.localhost/")

    with clock.at(MONDAY):
        for at, with_token in ((0, 1), (0, 2), (2, 0)):
            refused = say(calls[at]["url"], calls[with_token]["token"])
            assert (refused.status_code, refused.json["code"]) == (403, "run_token_refused")
        for bad in ("", "x", calls[0]["token"][:-2] + "xx"):
            assert say(calls[0]["url"], bad).status_code in (403, 422)
        assert say(calls[0]["url"].replace(calls[0]["url"].split("/")[-2], str(uuid4())), calls[0]["token"]).status_code == 403
        assert states(console_app, ticket) == [("open", None), ("open", None)]
        assert say(calls[0]["url"], calls[0]["token"]).status_code == 200
        again = say(calls[0]["url"], calls[0]["token"])
        assert (again.status_code, again.json["code"]) == (409, "runbook_run_ended")
    with clock.at(MONDAY + timedelta(days=9)):
        assert say(calls[1]["url"], calls[1]["token"]).status_code == 403
    assert sorted(state for state, _ in states(console_app, ticket)) == ["done", "open"]
    assert states(console_app, theirs) == [("open", None)]


@pytest.mark.parametrize(
    "body",
    [
        {"outcome": "perhaps"}, {"outcome": "finished", "outputs": ["x"]}, {"outcome": "finished", "message": "x" * 1001},
        {"outcome": "finished", "outputs": {"x": "y" * 1001}}, {"outcome": "finished", "more": 1}, {},
    ],
)  # fmt: skip
def test_a_bad_call_back_changes_nothing(console_app: Any, agent: Any, ticket: Any, other: Any, body: dict[str, Any]) -> None:
    plan(console_app, ticket, agent, Draft("First", runbook_id=runbook(console_app, other.url).id))
    work(console_app, MONDAY)
    path = other.callback["url"].partition("console.localhost")[2]
    with clock.at(MONDAY):
        sent = {"token": other.callback["token"], **body}
        assert console_app.test_client().post(path, json=sent, base_url="http://console.localhost/").status_code == 422
        assert console_app.test_client().post(path, data="x", base_url="http://console.localhost/").status_code in (400, 415)
        assert console_app.test_client().get(path, base_url="http://console.localhost/").status_code == 405
    assert [run.state for run in runs(console_app, ticket)] == ["running"]


def test_the_portal_takes_no_result(console_app: Any, portal_app: Any, acme: Any, agent: Any, ticket: Any, other: Any) -> None:
    plan(console_app, ticket, agent, Draft("First", runbook_id=runbook(console_app, other.url).id))
    work(console_app, MONDAY)
    path = other.callback["url"].partition("console.localhost")[2]
    sent = {"token": other.callback["token"], "outcome": "finished"}
    assert portal_app.test_client().post(path, json=sent, base_url=f"http://{acme.host}/").status_code == 404


def test_what_it_could_not_do_fails_the_task_and_can_be_run_again(console_app: Any, agent: Any, ticket: Any, other: Any) -> None:
    plan(console_app, ticket, agent, *joiner(runbook(console_app, other.url, PERSON).id))
    work(console_app, MONDAY)
    assert send(console_app, other, "failed", message="No licence left.").json == {"state": "failed"}
    assert states(console_app, ticket) == [("failed", "No licence left."), ("waiting", None)]
    [failed] = runs(console_app, ticket)
    with clock.at(MONDAY), world.acting(console_app, agent) as by:
        again = running.run_again(failed.id, by=by)
        with pytest.raises(Conflict):
            running.run_again(again.id, by=by)
    assert states(console_app, ticket) == [("open", None), ("waiting", None)]
    work(console_app, MONDAY)
    assert [body["inputs"] for _, body in other.got] == [{"person": "Nora Quill"}] * 2
    assert other.got[0][1]["run_id"] != other.got[1][1]["run_id"]
    send(console_app, other)
    assert states(console_app, ticket) == [("done", None), ("open", None)]
    assert [run.state for run in runs(console_app, ticket)] == ["finished", "failed"]


def test_whoever_works_on_the_ticket_hears_of_a_failure(console_app: Any, agent: Any, ticket: Any, other: Any) -> None:
    book = runbook(console_app, other.url, PERSON)
    doer = world.agent(console_app, "agent")[0]
    with clock.at(MONDAY), world.acting(console_app, agent) as by:
        triage.assign(ticket.id, assignee_id=agent.id, by=by)
    drafts = Draft("First", detail="Nora", runbook_id=book.id, assignee_id=doer.id), Draft("Second", runbook_id=book.id)
    plan(console_app, ticket, agent, *drafts)
    work(console_app, MONDAY)
    send(console_app, other, "failed", message="No licence left.")
    heard = [(agent_id, text) for agent_id, kind, text in told(console_app, ticket) if kind == "runbook"]
    assert sorted(heard) == sorted([
        (doer.id, f"{book.name} failed: No licence left."),
        (agent.id, f"{book.name} failed: The runbook needs “person”, which this ticket does not say."),
    ])  # fmt: skip


def test_the_answer_may_be_the_result(console_app: Any, agent: Any, ticket: Any, other: Any) -> None:
    other.answers = [
        (200, {"outcome": "finished", "message": "At once.", "outputs": {"n": "1"}}), (200, {"outcome": "finished", "message": 3}),
    ]  # fmt: skip
    book = runbook(console_app, other.url)
    plan(console_app, ticket, agent, Draft("First", runbook_id=book.id))
    work(console_app, MONDAY)
    assert states(console_app, ticket) == [("done", None)]
    plan(console_app, ticket, agent, Draft("Second", runbook_id=book.id))
    work(console_app, MONDAY)
    state, reason = states(console_app, ticket)[1]
    assert state == "failed"
    assert "a result that cannot be read: message is a text" in str(reason)


def test_the_result_may_come_before_the_answer(console_app: Any, agent: Any, ticket: Any, other: Any) -> None:
    told: list[int] = []
    other.then = lambda body: told.append(send(console_app, other, message="Quick.").status_code)
    plan(console_app, ticket, agent, Draft("First", runbook_id=runbook(console_app, other.url).id))
    work(console_app, MONDAY)
    assert told == [200]
    assert states(console_app, ticket) == [("done", None)]
    [run] = runs(console_app, ticket)
    assert (run.state, [each.status for each in attempts(console_app, run)]) == ("finished", [202])


def test_it_is_called_again_under_the_same_id_until_it_is_taken(console_app: Any, agent: Any, ticket: Any, other: Any) -> None:
    other.answers = [(503, ""), (429, ""), (202, "")]
    plan(console_app, ticket, agent, Draft("First", runbook_id=runbook(console_app, other.url).id))
    now = MONDAY
    for seconds in (0, 4, 1, 30):
        now += timedelta(seconds=seconds)
        work(console_app, now)
    assert len({headers["webhook-id"] for headers, _ in other.got}) == 1
    assert [body["attempt"] for _, body in other.got] == [1, 2, 3]
    [run] = runs(console_app, ticket)
    assert [each.words for each in attempts(console_app, run)] == ["Answered 503.", "Answered 429.", "Answered 202: taken."]
    assert run.state == "running"


def test_it_gives_up_in_the_end_and_at_once_where_trying_is_of_no_use(console_app: Any, agent: Any, ticket: Any, other: Any) -> None:
    other.answers = [(500, ""), (500, ""), (404, "")]
    book = runbook(console_app, other.url, tries=2)
    plan(console_app, ticket, agent, Draft("First", runbook_id=book.id))
    work(console_app, MONDAY)
    work(console_app, MONDAY + timedelta(seconds=5))
    assert states(console_app, ticket) == [("failed", "Answered 500. It was called 2 times.")]
    plan(console_app, ticket, agent, Draft("Second", runbook_id=book.id))
    work(console_app, MONDAY + timedelta(seconds=5))
    assert states(console_app, ticket)[1] == ("failed", "Answered 404.")
    assert len(other.got) == 3


def test_nobody_there_is_tried_again(console_app: Any, agent: Any, ticket: Any, other: Any) -> None:
    other.shutdown()
    other.socket.close()
    plan(console_app, ticket, agent, Draft("First", runbook_id=runbook(console_app, other.url, tries=2).id))
    work(console_app, MONDAY)
    [run] = runs(console_app, ticket)
    assert (run.state, run.next_at) == ("waiting", MONDAY + timedelta(seconds=5))
    assert run.words.startswith("No answer: 127.0.0.1")
    work(console_app, MONDAY + timedelta(seconds=5))
    assert [state for state, _ in states(console_app, ticket)] == ["failed"]


def test_a_result_that_does_not_come_fails_it(console_app: Any, agent: Any, ticket: Any, other: Any) -> None:
    plan(console_app, ticket, agent, Draft("First", runbook_id=runbook(console_app, other.url, minutes=10).id))
    work(console_app, MONDAY)
    work(console_app, MONDAY + timedelta(minutes=9))
    assert states(console_app, ticket) == [("open", None)]
    work(console_app, MONDAY + timedelta(minutes=10))
    assert states(console_app, ticket) == [("failed", "No result came within 10 min.")]
    assert send(console_app, other, at=MONDAY + timedelta(minutes=11)).status_code == 409


def test_a_worker_that_dies_after_the_call_calls_again_under_the_same_id(
    console_app: Any, agent: Any, ticket: Any, other: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan(console_app, ticket, agent, Draft("First", runbook_id=runbook(console_app, other.url).id))
    with monkeypatch.context() as patched:
        patched.setattr(running, "_follow", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            work(console_app, MONDAY)
    assert len(other.got) == 1
    with console_app.app_context(), transaction(Scope.staff()):
        id = db.session.scalars(sa.select(Outbox.id).where(Outbox.kind == running.CALL, Outbox.done_at.is_(None))).one()
    with clock.at(MONDAY + timedelta(minutes=6)), console_app.app_context():  # its claim has run out
        assert worker.do(id) == "done"
    assert len({headers["webhook-id"] for headers, _ in other.got}) == 1
    [run] = runs(console_app, ticket)
    assert (run.state, len(attempts(console_app, run)), len(other.got)) == ("running", 1, 2)


def test_a_task_that_is_ended_by_hand_stops_its_run(console_app: Any, agent: Any, ticket: Any, other: Any) -> None:
    [task] = plan(console_app, ticket, agent, Draft("First", runbook_id=runbook(console_app, other.url).id))
    work(console_app, MONDAY)
    with clock.at(MONDAY), world.acting(console_app, agent) as by:
        task_services.end_task(task.id, "done", version=task.version, by=by)
    assert [(run.state, run.words) for run in runs(console_app, ticket)] == [("stopped", "The task was ended by hand.")]
    assert send(console_app, other).status_code == 409


def test_a_ticket_that_ends_stops_the_runs_of_its_tasks(console_app: Any, agent: Any, ticket: Any, other: Any) -> None:
    plan(console_app, ticket, agent, Draft("First", runbook_id=runbook(console_app, other.url).id), Draft("Then"))
    work(console_app, MONDAY)
    with clock.at(MONDAY), world.acting(console_app, agent) as by:
        moves.move(ticket.id, "cancelled", by=by)
    work(console_app, MONDAY)
    assert [(run.state, run.words) for run in runs(console_app, ticket)] == [("stopped", "The ticket ended.")]
    assert states(console_app, ticket) == [("skipped", "The ticket was cancelled."), ("skipped", "The ticket was cancelled.")]
    assert send(console_app, other).status_code == 409


def test_a_result_for_a_ticket_that_has_just_ended_is_kept(console_app: Any, agent: Any, ticket: Any, other: Any) -> None:
    plan(console_app, ticket, agent, Draft("First", runbook_id=runbook(console_app, other.url).id))
    work(console_app, MONDAY)
    with clock.at(MONDAY), world.acting(console_app, agent) as by:
        moves.move(ticket.id, "resolved", by=by)
    assert send(console_app, other).status_code < 300
    work(console_app, MONDAY)
    assert [run.state for run in runs(console_app, ticket)] == ["finished"]
    assert states(console_app, ticket) == [("skipped", "The ticket was resolved.")]


def test_it_is_run_by_hand_and_what_is_typed_goes_first(console_app: Any, acme: Any, agent: Any, ticket: Any, other: Any) -> None:
    inputs = ({"name": "who", "from": "requester.e_mail"}, {"name": "why", "from": "custom", "value": "reason", "required": False})
    book = runbook(console_app, other.url, *inputs, company=acme)
    with clock.at(MONDAY), world.acting(console_app, agent) as by:
        running.start_run(book.id, ticket.id, by=by, given={"why": "Asked by phone"})
        with pytest.raises(Invalid, match="no input"):
            running.start_run(book.id, ticket.id, by=by, given={"when": "now"})
    work(console_app, MONDAY)
    assert other.got[0][1]["inputs"] == {"who": acme.people["requester"].e_mail, "why": "Asked by phone"}
    send(console_app, other, message="Done.")
    [entry] = entries(console_app, ticket, "runbook_started")
    assert (entry.actor_name, entry.is_internal) == (agent.name, True)


def test_what_is_sent_twice_runs_once(console_app: Any, agent: Any, ticket: Any, other: Any) -> None:
    book, second = runbook(console_app, other.url, PERSON), runbook(console_app, other.url, PERSON)
    with clock.at(MONDAY), world.acting(console_app, agent) as by:
        running.start_run(book.id, ticket.id, given={"person": "Nora"}, by=by)
        with pytest.raises(Conflict, match="already"):
            running.start_run(book.id, ticket.id, given={"person": "Nora"}, by=by)
        running.start_run(second.id, ticket.id, given={"person": "Nora"}, by=by)
    work(console_app, MONDAY)
    assert len(runs(console_app, ticket)) == len(other.got) == 2


def test_what_is_missing_is_named_and_fails_a_task(console_app: Any, agent: Any, ticket: Any, other: Any) -> None:
    book = runbook(console_app, other.url, PERSON, {"name": "start_date", "from": "order.answer", "value": "start"})
    with clock.at(MONDAY), world.acting(console_app, agent) as by, pytest.raises(Invalid) as refused:
        running.start_run(book.id, ticket.id, by=by)
    assert [error.pointer for error in refused.value.errors] == ["/inputs/person", "/inputs/start_date"]
    plan(console_app, ticket, agent, Draft("First", detail="Nora", runbook_id=book.id))
    work(console_app, MONDAY)
    [(state, reason)] = states(console_app, ticket)
    assert (state, reason) == ("failed", "The runbook needs “start_date”, which this ticket does not say.")
    assert other.got == []


def test_a_client_s_runbook_never_runs_for_another(
    console_app: Any, acme: Any, birch: Any, agent: Any, ticket: Any, other: Any
) -> None:
    theirs = runbook(console_app, other.url, company=birch)
    with pytest.raises(Invalid) as refused:
        plan(console_app, ticket, agent, Draft("First", runbook_id=theirs.id))
    assert [error.pointer for error in refused.value.errors] == ["/tasks/0/runbook_id"]
    limited, reader = world.agent(console_app, "lead", clients=[birch.id])[1], world.agent(console_app, "read_only")[1]
    ours = runbook(console_app, other.url, company=acme)
    with clock.at(MONDAY):
        with world.acting(console_app, agent) as by, pytest.raises(Invalid):
            running.start_run(theirs.id, ticket.id, by=by)
        with world.acting(console_app, limited) as by:
            for refusal in (lambda: running.start_run(theirs.id, ticket.id, by=by), lambda: books.send_test(ours.id, by=by)):
                with pytest.raises(NotFound):
                    refusal()
        with world.acting(console_app, reader) as by, pytest.raises(Forbidden):
            running.start_run(ours.id, ticket.id, by=by)
    assert (runs(console_app, ticket), other.got) == ([], [])


def test_one_that_is_switched_off_is_not_called(console_app: Any, agent: Any, ticket: Any, other: Any) -> None:
    book = runbook(console_app, other.url)
    plan(console_app, ticket, agent, Draft("First", runbook_id=book.id))
    with world.as_staff(console_app) as by:
        books.change_runbook(book.id, version=1, is_active=False, by=by)
    work(console_app, MONDAY)
    [(state, reason)] = states(console_app, ticket)
    assert (state, reason) == ("failed", f"The runbook “{book.name}” is switched off.")
    assert other.got == []


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/x", "https://10.1.2.3/x", "https://[::1]/x", "https://169.254.169.254/latest", "http://runbooks.example/x",
        "http://127.0.0.1:1/x", "https://localhost:8443/x", "ftp://runbooks.example", "runbooks.example", "https://a:b@runbooks.example/",
        "https://2130706433/", "",
    ],
)  # fmt: skip
def test_an_address_that_runbooks_cannot_reach_is_refused_with_words(console_app: Any, other: Any, url: str) -> None:
    with pytest.raises(Invalid) as refused:
        runbook(console_app, url)
    [error] = refused.value.errors
    assert error.pointer == "/url"
    assert len(error.message) > 20


def test_a_name_that_leads_into_a_private_network_is_refused_when_it_is_called(
    console_app: Any, agent: Any, ticket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socket.getaddrinfo", _into_our_network)
    plan(console_app, ticket, agent, Draft("First", runbook_id=runbook(console_app, "https://runbooks.example/x").id))
    work(console_app, MONDAY)
    [(state, reason)] = states(console_app, ticket)
    assert (state, reason) == ("failed", "This address is inside a private network, which runbooks cannot reach.")


_real = __import__("socket").getaddrinfo


def _into_our_network(host: Any, *args: Any, **options: Any) -> Any:
    return [(2, 1, 6, "", ("10.0.0.7", 443))] if host == "runbooks.example" else _real(host, *args, **options)
