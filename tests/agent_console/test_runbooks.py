"""Runbooks in the console: written, tried, run from a ticket, their runs with each call; who may see what."""

import io
import json
import re
from typing import Any
from uuid import UUID, uuid4

import pytest

from msp.core.db import db
from msp.itsm.runbooks import queries
from msp.itsm.runbooks.models import Runbook
from msp.itsm.tasks.services import Draft
from tests.agent_console.conftest import TEN
from tests.itsm.conftest import _empty_outbox  # noqa: F401 - what is due here is of these tests alone
from tests.itsm.runbooks.making import PERSON, listening, plan, runbook, runs, send, states
from tests.itsm.sla.passing import work
from tests.support import pages, world
from tests.support.pages import words
from tests.support.statements import counted


@pytest.fixture
def lead(sit: Any) -> Any:
    return sit(roles=("lead",))


@pytest.fixture
def other(console_app: Any) -> Any:
    with listening(console_app) as server:
        yield server


def fields(page: Any) -> dict[str, Any]:
    sent = pages.fields(page.text, "runbook").to_dict()
    return {name: value for name, value in sent.items() if name != "csrf_token"}


def stored(app: Any, runbook_id: UUID) -> Runbook:
    with world.as_staff(app):
        return db.session.get_one(Runbook, runbook_id)


def test_a_runbook_is_written_tried_changed_and_switched_off(console_app: Any, lead: Any, other: Any) -> None:
    name = world.unique("Joiner ")
    sent = {**fields(lead.get("/runbooks/new")), "name": name, "url": other.url}
    sent = fields(lead.post("/runbooks/new", **{**sent, "act": "add"})) | {"input-0-name": "person", "input-0-from": "requester.name"}
    assert sent["name"] == name
    made = lead.post("/runbooks/new", **{**sent, "act": "save"})
    assert made.status_code == 303
    where = made.headers["Location"]
    runbook_id = UUID(where.rpartition("/")[2])
    assert name in words(lead.get("/runbooks"))

    other.answers = [(200, "Ready."), (401, "")]
    tried = lead.post(f"{where}/test")
    assert "The test: Answered 200: taken." in words(tried)
    assert other.got[0][1]["type"] == "runbook.test"
    assert other.got[0][1]["inputs"] == {"person": "example of person"}
    assert "The test: Answered 401." in words(lead.post(f"{where}/test"))

    changed = fields(lead.get(where)) | {"minutes": "90", "act": "save"}
    assert lead.post(where, **changed).status_code == 303
    assert lead.post(where, **changed).status_code == 412
    told = words(lead.get(f"{where}/versions"))
    assert "Version 2 Now" in told
    assert "Time for the result 60 min 90 min" in told
    assert lead.post(f"{where}/switch", to="off", version=str(stored(console_app, runbook_id).version)).status_code == 303
    assert "Switched off" in words(lead.get(where))
    exported = lead.get("/runbooks/export").json["runbooks"]
    assert [each["content"]["minutes"] for each in exported if each["name"] == name] == [90]


def test_what_is_wrong_is_said_where_it_is_and_what_was_typed_is_kept(lead: Any) -> None:
    sent = {
        "name": "Wrong", "url": "https://10.0.0.1/x", "minutes": "60", "tries": "5", "input-0-name": "person", "input-0-from": "fixed",
        "input-0-value": "kept", "act": "save",
    }  # fmt: skip
    answer = lead.post("/runbooks/new", **sent)
    assert answer.status_code == 422
    assert "This address is inside a private network" in words(answer)
    assert (fields(answer)["input-0-value"], fields(answer)["url"]) == ("kept", "https://10.0.0.1/x")
    good = {**sent, "url": "https://runbooks.example/x"}
    for wrong, said in (
        ({"name": ""}, "1 to 120 characters"), ({"minutes": "soon"}, "minutes."), ({"tries": "11"}, "1 to 10 times"),
        ({"input-0-name": "A B"}, "Small letters"), ({"input-0-value": ""}, "Say which"), ({"input-0-from": "moon"}, "Choose where"),
        ({"url": "http://runbooks.example/"}, "starts with https://"), ({"client": "x"}, "no valid choice"),
    ):  # fmt: skip
        answer = lead.post("/runbooks/new", **{**good, **wrong})
        assert answer.status_code == 422, wrong
        assert said in words(answer), wrong
    assert lead.post("/runbooks/new", **{**good, "client": str(uuid4())}).status_code == 404


def test_it_is_run_from_a_ticket_and_once_more(console_app: Any, acme: Any, opened: Any, sit: Any, other: Any) -> None:
    book, ticket, desk = runbook(console_app, other.url, {"name": "who", "from": "requester.name"}, company=acme), opened(acme), sit()
    here = f"/tickets/{ticket.ref}"
    assert book.name in words(desk.get(here))
    assert desk.post(f"{here}/runs", runbook=str(book.id)).status_code == 303
    assert "To be called" in words(desk.get(here))
    other.answers = [(503, "")]
    work(console_app, TEN)
    [run] = runs(console_app, ticket)
    shown = words(desk.get(f"/runbooks/runs/{run.id}"))
    assert "Answered 503." in shown
    assert "It is called again" in shown
    assert desk.post(f"/runbooks/runs/{run.id}/again").status_code == 409
    work(console_app, TEN.replace(second=5))
    assert send(console_app, other, "failed", at=TEN.replace(second=6), message="No licence left.").status_code == 200
    shown = words(desk.get(f"/runbooks/runs/{run.id}"))
    for said in ("Failed", "No licence left.", "Answered 202: taken.", f"Requester {acme.tenant.name}", ticket.ref):
        assert said in shown
    assert other.callback["token"] not in desk.get(f"/runbooks/runs/{run.id}").text
    told = words(desk.get(here))
    assert f"{book.name} could not do it: No licence left." in told
    assert desk.post(f"/runbooks/runs/{run.id}/again").status_code == 303
    assert len(runs(console_app, ticket)) == 2
    assert ticket.ref in words(desk.get(f"/runbooks/{book.id}/runs?state=failed"))
    assert desk.get(f"/runbooks/{book.id}/runs?state=nonsense").status_code == 404
    nothing = desk.post(f"{here}/runs", hx=True)
    assert nothing.status_code == 422
    assert "Choose a runbook." in words(nothing)


def test_a_task_is_given_to_a_runbook_on_the_tickets_page(console_app: Any, acme: Any, opened: Any, sit: Any, other: Any) -> None:
    book, ticket, desk = runbook(console_app, other.url, PERSON, company=acme), opened(acme), sit()
    here = f"/tickets/{ticket.ref}"
    added = desk.post(f"{here}/tasks", title="Make the account", detail="Nora Quill", runbook=str(book.id), dialog="task")
    assert added.status_code == 303
    work(console_app, TEN)
    page = desk.get(here)
    assert re.search(rf"{book.name} Running", words(page))
    assert send(console_app, other, at=TEN, message="There.").status_code == 200
    assert re.search(rf"{book.name} Finished", words(desk.get(here)))
    assert "1 of 1 task done" in words(desk.get(here))
    refused = desk.post(f"{here}/tasks", title="Make it", runbook=str(uuid4()), dialog="task")
    assert refused.status_code == 422
    assert "There is no such runbook for this client." in words(refused)


def test_the_secret_is_shown_after_a_fresh_sign_in_to_who_writes_it_and_renewed(
    console_app: Any, console_of: Any, sit: Any, lead: Any, acme: Any, birch: Any, other: Any
) -> None:
    book = runbook(console_app, other.url, company=acme)
    where, fresh = f"/runbooks/{book.id}/secret", console_of(lead.actor)
    before = re.search(r"whsec_[\w+/=]+", fresh.get(where).text)
    assert before
    assert sit(acme).get(where).status_code == 403
    assert lead.get(where).status_code == 303, "it was long ago that he proved who he is"
    elsewhere = world.agent(console_app, "lead", clients=[birch.id])[1]
    assert console_of(elsewhere).get(where).status_code == 404
    assert console_of(elsewhere).get(f"/runbooks/{runbook(console_app, other.url).id}/secret").status_code == 404
    assert "whsec_" not in fresh.get(f"/runbooks/{book.id}").text
    assert fresh.post(where, data={"csrf_token": world.csrf(fresh), "version": str(book.version)}).status_code == 303
    after = re.search(r"whsec_[\w+/=]+", fresh.get(where).text)
    assert after
    assert after[0] != before[0]
    lead.post(f"/runbooks/{book.id}/test")
    assert len(other.got[0][0]["webhook-signature"].split(" ")) == 2


def test_only_who_may_and_sees_the_client(console_app: Any, sit: Any, acme: Any, birch: Any, opened: Any, other: Any) -> None:
    theirs, ours, everyones = (runbook(console_app, other.url, company=each) for each in (birch, acme, None))
    ticket = opened(birch)
    agent, limited = sit(acme), sit(acme, roles=("lead",))
    plan(console_app, ticket, sit().actor, Draft("Make the account", runbook_id=theirs.id))
    work(console_app, TEN)
    [run] = runs(console_app, ticket)
    assert agent.get("/runbooks/new").status_code == 403
    assert agent.get("/runbooks/export").status_code == 403
    seen = agent.get(f"/runbooks/{ours.id}")
    assert (seen.status_code, "Send a test" in words(seen)) == (200, False)
    assert agent.post(f"/runbooks/{ours.id}", act="save").status_code == 403
    for path in ("", "/runs", "/versions"):
        assert limited.get(f"/runbooks/{theirs.id}{path}").status_code == 404
    for path in ("", "/test", "/switch"):
        assert limited.post(f"/runbooks/{theirs.id}{path}", version="1", act="save").status_code == 404
    assert limited.get(f"/runbooks/runs/{run.id}").status_code == 404
    assert limited.post(f"/runbooks/runs/{run.id}/again").status_code == 404
    assert theirs.name not in words(limited.get("/runbooks"))
    assert limited.post(f"/runbooks/{everyones.id}/switch", to="off", version="1").status_code == 403
    assert limited.post(f"/tickets/{ticket.ref}/runs", runbook=str(ours.id)).status_code == 404
    mine = opened(acme)
    refused = agent.post(f"/tickets/{mine.ref}/runs", runbook=str(theirs.id))
    assert (refused.status_code, runs(console_app, mine)) == (422, [])
    assert states(console_app, ticket) == [("open", None)]


def test_the_lists_ask_the_same_however_long_they_are(console_app: Any, acme: Any, lead: Any, opened: Any, other: Any) -> None:
    book, ticket = runbook(console_app, other.url, company=acme), opened(acme)

    def asked(path: str) -> int:
        """The fewest of three: now and then the host's name is looked up anew, or the visit is noted."""
        numbers = []
        for _ in range(3):
            with counted(console_app) as statements:
                assert lead.get(path).status_code == 200
            numbers.append(len(statements))
        return min(numbers)

    def more(count: int) -> None:
        for _ in range(count):
            runbook(console_app, other.url, company=acme)
        plan(console_app, ticket, lead.actor, *(Draft(f"Do {n}", runbook_id=book.id) for n in range(count)))
        work(console_app, TEN)

    more(1)
    paths = ("/runbooks", f"/runbooks/{book.id}/runs", f"/runbooks/{book.id}", f"/tickets/{ticket.ref}")
    few = [asked(path) for path in paths]
    more(4)
    assert [asked(path) for path in paths] == few


def sent(desk: Any, content: Any) -> Any:
    text = content if isinstance(content, bytes) else json.dumps(content).encode()
    return desk.post("/runbooks/import", file=(io.BytesIO(text), "runbooks.json"))


def test_runbooks_come_from_a_file(console_app: Any, acme: Any, lead: Any) -> None:
    own = runbook(console_app, "https://runbooks.example/joiner", PERSON, company=acme)
    exported = next(each for each in lead.get("/runbooks/export").json["runbooks"] if each["name"] == own.name)
    again, other = world.unique("Again "), world.unique("Other ")
    done = sent(lead, {"runbooks": [{**exported, "name": again}, {"name": other, "content": {"url": "https://runbooks.example/x"}}]})
    assert done.status_code == 303, done.text
    page = words(lead.get("/runbooks"))
    assert "2 runbooks taken from the file, switched off until you have looked at them." in page
    with world.as_staff(console_app):
        made = {each.name: each for each in db.session.query(Runbook).filter(Runbook.name.in_([again, other]))}
        assert [(made[name].is_active, made[name].client_id) for name in (again, other)] == [(False, acme.id), (False, None)]
        assert queries.latest([made[again]])[made[again].id].content == exported["content"]


def made_of(app: Any, name: str) -> int:
    with world.as_staff(app):
        return db.session.query(Runbook).filter_by(name=name).count()


GOOD = {"url": "https://runbooks.example/x"}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "Choose a file of runbooks"), (b"{", "This is not JSON"), ([1], "Choose a file of runbooks"),
        ({"runbooks": []}, "/runbooks"), ({"runbooks": [{"content": GOOD}]}, "/runbooks/0/name"),
        ({"runbooks": [{"name": "x", "content": {"url": "https://10.0.0.1/x"}}]}, "/runbooks/0/content/url"),
        ({"runbooks": [{"name": "x", "content": {**GOOD, "inputs": [PERSON, PERSON]}}]}, "/runbooks/0/content/inputs/1/name"),
        ({"runbooks": [{"name": "x", "client_id": str(uuid4()), "content": GOOD}]}, "/runbooks/0/client_id"),
        ({"runbooks": [{"name": "x", "content": GOOD, "secret": "y"}]}, "/runbooks/0/secret"),
    ],
)  # fmt: skip
def test_a_file_with_a_fault_gives_nothing(console_app: Any, lead: Any, content: Any, told: str) -> None:
    first = world.unique("First ")
    if isinstance(content, dict) and content["runbooks"]:
        content = {"runbooks": [*content["runbooks"], {"name": first, "content": GOOD}]}
    answer = sent(lead, content)
    assert answer.status_code in (400, 422)
    assert told in answer.text
    assert made_of(console_app, first) == 0


def test_a_file_is_for_whoever_may_write_runbooks(console_app: Any, acme: Any, birch: Any, sit: Any) -> None:
    name = world.unique("Mine ")
    file = {"runbooks": [{"name": name, "client_id": str(birch.id), "content": GOOD}]}
    assert sent(sit(roles=("agent",)), file).status_code == 403
    limited = sit(acme, roles=("lead",))
    foreign = sent(limited, file)
    assert (foreign.status_code, "/runbooks/0/client_id" in foreign.text) == (422, True)
    assert sent(limited, {"runbooks": [{"name": name, "content": GOOD}]}).status_code == 403, "those for all are for who sees all"
    assert "Take runbooks from it" not in sit(roles=("agent",)).get("/runbooks").text
    assert made_of(console_app, name) == 0
