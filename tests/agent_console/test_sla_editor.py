"""The editor of service levels: what it shows, what it previews, what it saves, whom it refuses."""

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from msp.core.db import db
from msp.core.outbox.models import Outbox
from msp.itsm.sla import queries
from msp.itsm.sla.models import Fact, Rollout
from msp.itsm.sla.services import rollouts
from tests.agent_console.conftest import MONDAY, TEN
from tests.agent_console.editor_pages import find, form_of, path_of, send, versions
from tests.support import pages, world
from tests.support.pages import words
from tests.support.statements import counted

MANAGER = ("account_manager",)


@pytest.fixture
def desk(sit: Any) -> Any:
    """An account manager who sees every client."""
    return sit(roles=MANAGER)


@pytest.fixture
def tickets(opened: Any, acme: Any) -> list[Any]:
    """Three P3 incidents of Monday nine o'clock: response 4 h, resolution 24 h."""
    return [opened(acme, f"Scanner {number}") for number in range(3)]


# --- Looking ----------------------------------------------------------------------------------------------------------


def test_the_editor_shows_targets_week_and_what_runs_under_it(console_app: Any, acme: Any, desk: Any, tickets: Any) -> None:
    answer = desk.get(path_of(find(console_app, acme, "policy")))
    assert answer.status_code == 200
    form = pages.fields(answer.text, "edit")
    assert (form["P1-response"], form["P3-resolution"], form["P3-update"]) == ("30 min", "24 h", "—")
    assert form.getlist("step-when")[:3] == ["75 %", "90 %", "breach"]
    said = words(answer)
    assert "3 open tickets run under it" in said
    assert "09:00–17:00" in answer.text, "the hours that the rows count by are drawn"
    assert "Same as template Standard" in said


def test_a_form_that_is_sent_as_it_stands_changes_nothing(console_app: Any, acme: Any, desk: Any) -> None:
    for kind in ("policy", "calendar", "matrix"):
        definition = find(console_app, acme, kind)
        answer = send(desk, path_of(definition), form_of(desk, path_of(definition)), "save")
        assert answer.status_code == 422
        assert "Nothing has changed" in answer.text
        assert len(versions(console_app, definition)) == 1


def test_a_preview_counts_and_saves_nothing(console_app: Any, acme: Any, desk: Any, tickets: Any) -> None:
    policy = find(console_app, acme, "policy")
    answer = send(desk, path_of(policy), form_of(desk, path_of(policy), **{"P3-resolution": "1 h", "P3-response": "30 min"}), "preview")
    assert answer.status_code == 200
    said = words(answer)
    assert "3 open tickets would move: 3 earlier, 3 newly breached" in said
    assert "was due today 09:30" in said or "was due today 10:00" in said
    assert tickets[0].ref in said
    assert len(versions(console_app, policy)) == 1
    with world.as_staff(console_app):
        assert db.session.scalar(sa.select(sa.func.count()).where(Fact.tenant_id == acme.id, Fact.kind == "redefined")) == 0


def test_a_live_page_gets_just_the_panel(console_app: Any, acme: Any, desk: Any, tickets: Any) -> None:
    policy = find(console_app, acme, "policy")
    form = form_of(desk, path_of(policy), **{"P3-resolution": "32 h"})
    answer = send(desk, path_of(policy), form, "preview", **{"HX-Request": "true", "HX-Target": "div#preview"})
    assert "3 open tickets would move" in words(answer)
    assert "<html" not in answer.text
    wrong = form_of(desk, path_of(policy), **{"P3-resolution": "soon"})
    answer = send(desk, path_of(policy), wrong, "preview", **{"HX-Request": "true", "HX-Target": "div#preview"})
    assert (answer.status_code, "Write working time as" in answer.text) == (200, True)


def test_the_number_of_questions_does_not_grow_with_tickets(console_app: Any, acme: Any, desk: Any, opened: Any, tickets: Any) -> None:
    policy = find(console_app, acme, "policy")
    form = form_of(desk, path_of(policy), **{"P3-resolution": "32 h"})
    send(desk, path_of(policy), form, "preview")
    live = {"HX-Request": "true", "HX-Target": "div#preview"}
    with counted(console_app) as few:
        send(desk, path_of(policy), form, "preview", **live)
    for number in range(9):
        opened(acme, f"More {number}")
    with counted(console_app) as many:
        answer = send(desk, path_of(policy), form, "preview", **live)
    assert "12 open tickets would move" in words(answer)
    assert "5 of 12" in words(answer)
    assert "See all 12" in words(answer)
    assert len(many) == len(few) <= 25
    assert words(send(desk, path_of(policy), form, "all")).count("More ") == 9


def test_an_earlier_version_can_be_started_from(console_app: Any, acme: Any, desk: Any) -> None:
    policy = find(console_app, acme, "policy")
    send(desk, path_of(policy), form_of(desk, path_of(policy), **{"P1-response": "15 min"}), "save")
    assert pages.fields(desk.get(path_of(policy)).text, "edit")["P1-response"] == "15 min"
    old = desk.get(f"{path_of(policy)}?version=1")
    assert pages.fields(old.text, "edit")["P1-response"] == "30 min"
    assert "Filled in from version 1" in old.text
    assert desk.get(f"{path_of(policy)}?version=9").status_code == 404


# --- Saving -----------------------------------------------------------------------------------------------------------


def test_somebody_else_saves_while_it_is_looked_at(console_app: Any, acme: Any, desk: Any, sit: Any) -> None:
    """A preview does not take the form to the newer version; the refusal does, with what was typed kept."""
    path = path_of(find(console_app, acme, "policy"))
    mine, theirs = form_of(desk, path, **{"P3-resolution": "20 h"}), form_of(desk, path, **{"P3-resolution": "30 h"})
    assert send(sit(roles=MANAGER), path, theirs, "save").status_code == 303
    looked = pages.fields(send(desk, path, mine, "preview").text, "edit")
    refused = send(desk, path, looked, "save")
    assert refused.status_code == 412
    assert "Somebody else changed this in the meantime" in refused.text
    kept = pages.fields(refused.text, "edit")
    assert (kept["P3-resolution"], kept["version"]) == ("20 h", "2")
    assert send(desk, path, kept, "save").status_code == 303
    assert [each.number for each in versions(console_app, find(console_app, acme, "policy"))] == [1, 2, 3]


def test_saving_moves_open_tickets_and_keeps_the_version_before(console_app: Any, acme: Any, desk: Any, tickets: Any) -> None:
    policy = find(console_app, acme, "policy")
    form = form_of(desk, path_of(policy), **{"P3-resolution": "32 h", "note": "More time for P3"})
    answer = send(desk, path_of(policy), form, "save")
    assert answer.status_code == 303
    first, second = versions(console_app, policy)
    assert first.content["targets"]["P3"]["resolution"]["minutes"] == 24 * 60
    assert second.content["targets"]["P3"]["resolution"]["minutes"] == 32 * 60
    assert (second.note, second.effective_at, second.author_name) == ("More time for P3", TEN, desk.actor.name)
    with world.as_staff(console_app):
        reading = queries.read(acme.id, tickets[0].id, "resolution", now=TEN)
        assert reading.due_at == MONDAY.replace(day=4) + timedelta(hours=8)
    page = desk.get(answer.location)
    assert "Version 2 of Standard is saved." in page.text
    assert "More time for P3" in page.text


def test_open_tickets_can_be_left_where_they_are(console_app: Any, acme: Any, desk: Any, tickets: Any) -> None:
    policy = find(console_app, acme, "policy")
    form = form_of(desk, path_of(policy), **{"P3-resolution": "32 h", "leave": "1"})
    assert send(desk, path_of(policy), form, "save").status_code == 303
    with world.as_staff(console_app):
        reading = queries.read(acme.id, tickets[0].id, "resolution", now=TEN)
        assert reading.due_at == MONDAY.replace(day=3) + timedelta(hours=8)
        rollout = db.session.scalars(sa.select(Rollout).where(Rollout.tenant_id == acme.id)).one()
        assert (rollout.is_moving, rollout.finished_at) == (False, TEN)
    assert "Version 1" in words(desk.get(path_of(policy)))


def test_a_version_may_begin_later_but_not_earlier(console_app: Any, acme: Any, desk: Any, tickets: Any) -> None:
    policy = find(console_app, acme, "policy")
    for day in ("2027-02-28", "someday"):
        form = form_of(desk, path_of(policy), **{"P3-resolution": "32 h", "in_force_from": day})
        assert send(desk, path_of(policy), form, "save").status_code == 422
    form = form_of(desk, path_of(policy), **{"P3-resolution": "32 h", "in_force_from": "2027-04-12"})
    assert send(desk, path_of(policy), form, "save").status_code == 303
    begins = versions(console_app, policy)[-1].effective_at
    assert begins is not None
    assert begins.isoformat() == "2027-04-11T23:00:00+00:00", "the first of that day in London, an hour ahead by then"
    with world.as_staff(console_app):
        asked = sa.select(Outbox.run_after).where(Outbox.kind == rollouts.PLAN, Outbox.tenant_ids == [acme.id])
        assert db.session.scalar(asked) == begins
    said = words(desk.get(path_of(policy)))
    assert "from 12 Apr 2027" in said
    assert "Open tickets are moved when the new version begins" in said


def test_progress_is_a_fragment_that_ends(console_app: Any, acme: Any, desk: Any, tickets: Any) -> None:
    policy = find(console_app, acme, "policy")
    send(desk, path_of(policy), form_of(desk, path_of(policy), **{"P3-resolution": "32 h", "in_force_from": "2027-04-12"}), "save")
    with world.as_staff(console_app):
        db.session.execute(sa.update(Rollout).where(Rollout.tenant_id == acme.id).values(total=340, moved=120, begins_at=MONDAY))
    running = desk.get(f"{path_of(policy)}/progress")
    assert "120 of 340" in words(running)
    assert "every 2s" in running.text
    with world.as_staff(console_app):
        db.session.execute(sa.update(Rollout).where(Rollout.tenant_id == acme.id).values(moved=340, finished_at=TEN))
    done = desk.get(f"{path_of(policy)}/progress")
    assert "have been moved" in words(done)
    assert "every 2s" not in done.text


# --- Refusals ---------------------------------------------------------------------------------------------------------


def test_what_cannot_be_read_is_kept_and_pointed_at(console_app: Any, acme: Any, desk: Any) -> None:
    policy = find(console_app, acme, "policy")
    changes = {"P2-resolution": "2 days", "step-when": ["75 %", "soonish", "breach", "75 %", "90 %", "breach", "", ""]}
    answer = send(desk, path_of(policy), form_of(desk, path_of(policy), **changes), "save")
    assert answer.status_code == 422
    assert pages.fields(answer.text, "edit")["P2-resolution"] == "2 days"
    said = words(answer)
    assert "Days differ by calendar" in said
    assert "Write 75 %, 30 min before" in said
    assert re.search(r'name="P2-resolution"[^>]*aria-invalid="true"', answer.text)
    assert re.search(r'name="step-when" value="soonish"[^>]*aria-invalid="true"', answer.text)


def test_steps_that_make_no_sense_are_pointed_at(console_app: Any, acme: Any, desk: Any) -> None:
    policy = find(console_app, acme, "policy")
    form = form_of(desk, path_of(policy))
    form.setlist("step-do", ["web_hook", *form.getlist("step-do")[1:]])
    for address, why in (
        ("http://plain.example", "begins with https://"), ("https://127.0.0.1/", "cannot be used; a web-hook goes to a public address"),
        ("https://a:b@x.com/", "carries no password"), ("https://x.com:22/", "Port 22 is not used for this"),
    ):
        form.setlist("step-detail", [address, *form.getlist("step-detail")[1:]])
        answer = send(desk, path_of(policy), form, "save")
        assert (answer.status_code, why in words(answer)) == (422, True), words(answer)
        assert f'value="{address}"' in answer.text, "what was typed stays"


def test_a_team_that_does_not_exist_is_pointed_at_in_its_row(console_app: Any, acme: Any, desk: Any) -> None:
    policy = find(console_app, acme, "policy")
    form = form_of(desk, path_of(policy))
    form.setlist("step-do", [f"notify:{uuid4()}", *form.getlist("step-do")[1:]])
    answer = send(desk, path_of(policy), form, "save")
    assert (answer.status_code, "There is no such team; choose one of the list." in words(answer)) == (422, True)


def test_overlapping_windows_are_pointed_at_in_their_row(console_app: Any, acme: Any, desk: Any) -> None:
    calendar = find(console_app, acme, "calendar")
    changes = {"fri-from": ["09:00", "22:00"], "fri-to": ["17:00", "06:00"], "sat-from": "05:00", "sat-to": "09:00"}
    answer = send(desk, path_of(calendar), form_of(desk, path_of(calendar), **changes), "save")
    assert answer.status_code == 422
    assert "05:00–09:00 overlaps 22:00–06:00 of Friday." in words(answer)
    assert re.search(r'name="sat-from" value="05:00"[^>]*aria-invalid="true"', answer.text)
    equal = form_of(desk, path_of(calendar), **{"mon-from": "09:00", "mon-to": "09:00"})
    assert "A whole day is 00:00–24:00" in words(send(desk, path_of(calendar), equal, "save"))


def test_a_target_without_a_calendar_or_with_a_foreign_one_is_refused(console_app: Any, acme: Any, birch: Any, desk: Any) -> None:
    policy, foreign = find(console_app, acme, "policy"), find(console_app, birch, "calendar")
    for calendar_id in ("", str(foreign.id), "nonsense"):
        answer = send(desk, path_of(policy), form_of(desk, path_of(policy), **{"P1-calendar": calendar_id}), "save")
        assert (answer.status_code, "Choose one of the calendars" in words(answer)) == (422, True)


def test_a_stale_form_is_refused_and_keeps_what_was_typed(console_app: Any, acme: Any, desk: Any) -> None:
    policy = find(console_app, acme, "policy")
    stale = form_of(desk, path_of(policy), **{"P1-response": "20 min"})
    send(desk, path_of(policy), form_of(desk, path_of(policy), **{"P1-response": "15 min"}), "save")
    answer = send(desk, path_of(policy), stale, "save")
    assert answer.status_code == 412
    assert "Somebody else changed this" in words(answer)
    assert pages.fields(answer.text, "edit")["P1-response"] == "20 min"


def test_whoever_may_only_read_sees_it_and_saves_nothing(console_app: Any, acme: Any, sit: Any) -> None:
    reader, policy = sit(roles=("agent",)), find(console_app, acme, "policy")
    page = reader.get(path_of(policy))
    assert page.status_code == 200
    assert "needs the role account manager" in words(page)
    assert pages.fields(page.text, "edit").get("P1-response") is None, "its fields are off"
    answer = reader.post(path_of(policy), act="save", **{"P1-response": "1 h"})
    assert answer.status_code == 403
    assert reader.post(f"{path_of(policy)}/end", version="1").status_code == 403
    assert len(versions(console_app, policy)) == 1


def test_another_clients_definition_is_nowhere(console_app: Any, acme: Any, birch: Any, sit: Any) -> None:
    stranger, policy = sit(birch, roles=MANAGER), find(console_app, acme, "policy")
    for path in ("", "/difference", "/progress"):
        assert stranger.get(f"/service-levels/{policy.id}{path}").status_code == 404
        assert stranger.get(f"/service-levels/{uuid4()}{path}").status_code == 404
    for path, fields in (("", {"act": "save"}), ("", {"act": "preview"}), ("/end", {"version": "1"})):
        assert stranger.post(f"/service-levels/{policy.id}{path}", **fields).status_code == 404
    assert stranger.get(f"/clients/{acme.id}/service-levels").status_code == 404
    assert stranger.get(f"/clients/{acme.id}/service-levels/new?kind=policy").status_code == 404
    assert stranger.get(f"/clients/{birch.id}/service-levels/new?kind=policy&start={policy.id}").status_code == 404
    assert len(versions(console_app, policy)) == 1


def test_bad_input_is_no_fault_of_ours(console_app: Any, acme: Any, desk: Any) -> None:
    policy, calendar = find(console_app, acme, "policy"), find(console_app, acme, "calendar")
    for path in (path_of(policy), path_of(calendar)):
        for fields in (
            {},
            {"act": "remove:mon:99"},
            {"act": "add:never"},
            {"act": "save", "version": "x"},
            {"act": "holidays", "country": "XX"},
        ):
            assert desk.post(path, **fields).status_code in (200, 422), fields
    form = form_of(desk, path_of(calendar), **{"holiday-on": "2027-99-99", "holiday-name": "Never", "tz": "Mars/Base"})
    said = words(send(desk, path_of(calendar), form, "preview"))
    assert "There is no time zone" in said
    assert "Write the day as 2027-12-25" in said
