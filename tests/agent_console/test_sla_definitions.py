"""Calendars, the matrix, new definitions and templates through their editors."""

from typing import Any
from uuid import uuid4

import pytest

from msp.itsm.sla import library
from tests.agent_console.conftest import TEN
from tests.agent_console.editor_pages import find, form_of, path_of, send, versions
from tests.support import pages, world
from tests.support.pages import words


@pytest.fixture
def desk(sit: Any) -> Any:
    """An account manager who sees every client."""
    return sit(roles=("account_manager",))


@pytest.fixture
def tickets(opened: Any, acme: Any) -> list[Any]:
    """Three P3 incidents of Monday nine o'clock."""
    return [opened(acme, f"Scanner {number}") for number in range(3)]


# --- Calendars --------------------------------------------------------------------------------------------------------


def test_a_calendar_takes_lunch_night_and_whole_days(console_app: Any, acme: Any, desk: Any, tickets: Any) -> None:
    calendar = find(console_app, acme, "calendar")
    changes = {
        "mon-from": ["09:00", "13:15"], "mon-to": ["12:30", "17:00"], "fri-from": ["09:00", "22:00"], "fri-to": ["17:00", "06:00"],
        "sun-from": "00:00", "sun-to": "24:00", "holiday-on": "2027-03-26", "holiday-name": "Good Friday", "yearly-on": "12-25",
        "yearly-name": "Christmas", "special-on": "2027-12-24", "special-hours": "09:00–12:00, 13:00-15:00",
    }  # fmt: skip
    answer = send(desk, path_of(calendar), form_of(desk, path_of(calendar), **changes), "save")
    assert answer.status_code == 303, words(answer)
    content = versions(console_app, calendar)[-1].content
    assert content["hours"]["mon"] == [["09:00", "12:30"], ["13:15", "17:00"]]
    assert content["hours"]["fri"] == [["09:00", "17:00"], ["22:00", "06:00"]]
    assert content["hours"]["sun"] == [["00:00", "24:00"]]
    assert content["holidays"] == [{"on": "2027-03-26", "name": "Good Friday"}]
    assert content["yearly"] == [{"on": "12-25", "name": "Christmas"}]
    assert content["overrides"] == {"2027-12-24": [["09:00", "12:00"], ["13:00", "15:00"]]}
    page = desk.get(path_of(calendar))
    assert "until 06:00, from Fri" in page.text
    assert "22:00 →" in page.text
    assert pages.fields(page.text, "edit")["special-hours"] == "09:00–12:00, 13:00–15:00"


def test_public_holidays_fill_the_list_and_save_nothing(console_app: Any, acme: Any, desk: Any) -> None:
    calendar = find(console_app, acme, "calendar")
    form = form_of(desk, path_of(calendar), country="GB", region="ENG", year="2027")
    answer = send(desk, path_of(calendar), form, "holidays")
    filled = pages.fields(answer.text, "edit")
    assert "2027-03-26" in filled.getlist("holiday-on")
    assert "Good Friday" in filled.getlist("holiday-name")
    assert "United Kingdom: 10 days added" in words(answer)
    assert "10 days" not in words(send(desk, path_of(calendar), filled, "holidays")), "none is added twice"
    assert len(versions(console_app, calendar)) == 1
    assert "ENG" in desk.get("/service-levels/regions?country=GB").text
    wrong = form_of(desk, path_of(calendar), country="GB", region="XX", year="2027")
    assert "Regions of United Kingdom: ENG" in words(send(desk, path_of(calendar), wrong, "holidays"))


def test_rows_can_be_added_and_taken_away_without_script(console_app: Any, acme: Any, desk: Any) -> None:
    calendar = find(console_app, acme, "calendar")
    more = pages.fields(send(desk, path_of(calendar), form_of(desk, path_of(calendar)), "add:mon").text, "edit")
    assert more.getlist("mon-from") == ["09:00", ""]
    more.setlist("mon-from", ["09:00", "18:00"])
    more.setlist("mon-to", ["17:00", "20:00"])
    less = pages.fields(send(desk, path_of(calendar), more, "remove:mon:0").text, "edit")
    assert (less.getlist("mon-from"), less.getlist("mon-to")) == (["18:00"], ["20:00"])
    assert len(versions(console_app, calendar)) == 1


# --- Matrix, new definitions, templates -------------------------------------------------------------------------------


def test_the_matrix_previews_and_saves(console_app: Any, acme: Any, desk: Any, tickets: Any) -> None:
    matrix = find(console_app, acme, "matrix")
    form = form_of(desk, path_of(matrix), **{"cell-2-2": "1"})
    assert "3 open tickets would move: 3 earlier" in words(send(desk, path_of(matrix), form, "preview"))
    assert send(desk, path_of(matrix), form, "save").status_code == 303
    assert versions(console_app, matrix)[-1].content["cells"]["2"]["2"] == 1
    assert send(desk, path_of(matrix), form_of(desk, path_of(matrix), **{"cell-2-2": "9"}), "save").status_code == 422


def test_a_policy_of_its_own_for_requests(console_app: Any, acme: Any, desk: Any, tickets: Any) -> None:
    source = find(console_app, acme, "policy")
    chosen = desk.get(f"/clients/{acme.id}/service-levels/new?kind=policy")
    assert "Standard" in words(chosen)
    path = f"/clients/{acme.id}/service-levels/new?kind=policy&start={source.id}"
    clash = send(desk, path, form_of(desk, path, name="Requests"), "save")
    assert (clash.status_code, "applies to everything already" in words(clash)) == (422, True)
    answer = send(desk, path, form_of(desk, path, name="Requests", **{"if-kind": "request", "P4-resolution": "80 h"}), "save")
    assert answer.status_code == 303, words(answer)
    made = find(console_app, acme, "policy", "Requests")
    [first] = versions(console_app, made)
    assert (first.content["conditions"], first.effective_at) == ({"kind": "request"}, TEN)
    taken = send(desk, path, form_of(desk, path, name="Requests", **{"if-kind": "incident"}), "save")
    assert "called Requests already" in words(taken)
    listed = words(desk.get(f"/clients/{acme.id}/service-levels"))
    assert "For every request" in listed
    ended = desk.post(f"/service-levels/{made.id}/end", version="1", in_force_from="2027-03-02")
    assert ended.status_code == 303
    assert versions(console_app, made)[-1].content["ends_at"].startswith("2027-03-02")


def test_a_template_is_copied_compared_and_taken_over(console_app: Any, acme: Any, sit: Any) -> None:
    desk = sit(roles=("admin",))
    with world.as_staff(console_app):
        source = library.template_named("calendar", "Business hours")
    assert source is not None
    name = world.unique("Gold hours ")
    new = "/service-levels/templates/new?kind=calendar"
    made = send(desk, new, form_of(desk, new, name=name, **{"sat-from": "10:00", "sat-to": "12:00"}), "save")
    assert made.status_code == 303, words(made)
    template_id = made.location.rsplit("/", 1)[1]
    begun = desk.post(f"/service-levels/templates/{template_id}/copy", client=str(acme.id))
    assert begun.status_code == 303
    path = begun.location
    assert send(desk, path, form_of(desk, path), "save").status_code == 303
    copy = find(console_app, acme, "calendar", name)
    assert versions(console_app, copy)[0].content["tz"] == "Europe/London"
    assert "Same as template" in words(desk.get(f"/service-levels/{copy.id}/difference"))
    changed = form_of(desk, f"/service-levels/templates/{template_id}", **{"sat-from": "10:00", "sat-to": "14:00"})
    assert send(desk, f"/service-levels/templates/{template_id}", changed, "save").status_code == 303
    assert send(desk, f"/service-levels/templates/{template_id}", changed, "save").status_code == 412, "a stale form"
    compared = words(desk.get(f"/service-levels/{copy.id}/difference"))
    assert "1 difference from template" in compared
    assert "Saturday 10:00–14:00 10:00–12:00" in compared
    assert "has changed since" in compared
    taking = desk.get(f"/service-levels/{copy.id}?start=template")
    assert pages.fields(taking.text, "edit")["sat-to"] == "14:00"
    assert send(desk, f"/service-levels/{copy.id}", pages.fields(taking.text, "edit"), "save").status_code == 303
    assert "Same as template" in words(desk.get(f"/service-levels/{copy.id}/difference"))
    assert name in words(desk.get("/service-levels"))


def test_templates_are_for_whoever_manages_service_levels(console_app: Any, acme: Any, sit: Any) -> None:
    reader = sit(roles=("agent",))
    with world.as_staff(console_app):
        template = library.template_named("policy", "Standard")
    assert template is not None
    assert reader.get(f"/service-levels/templates/{template.id}").status_code == 200
    assert reader.post(f"/service-levels/templates/{template.id}", act="save").status_code == 403
    assert reader.get("/service-levels/templates/new?kind=policy").status_code == 403
    assert reader.get(f"/service-levels/templates/{uuid4()}").status_code == 404
