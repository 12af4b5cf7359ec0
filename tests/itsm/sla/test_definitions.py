"""Definitions: what may be saved, versions that never change, copies of templates and how they differ."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from msp.core import clock
from msp.core.db import db
from msp.core.errors import Forbidden, Invalid, NotFound, StaleVersion
from msp.itsm.sla import describe, library, queries
from msp.itsm.sla.checks.kinds import checked
from msp.itsm.sla.difference import differences
from msp.itsm.sla.models import Definition, DefinitionVersion
from msp.itsm.sla.services import definitions, templates
from msp.itsm.tickets.services import opening
from tests.support import world

NOBODY = str(uuid4())  # no team has it
MONDAY = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
OFFICE = {
    "tz": "Europe/London",
    "hours": {day: [["09:00", "12:30"], ["13:15", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")},
}


def policy(calendar_id: str, minutes: int = 60, **more: Any) -> dict[str, Any]:
    return {"targets": {"P3": {"resolution": {"minutes": minutes, "calendar_id": calendar_id}}}, **more}


def pointers(kind: str, content: Any, **options: Any) -> dict[str, str]:
    """Code by pointer of everything that is wrong with a content."""
    with pytest.raises(Invalid) as refused:
        checked(kind, content, **options)
    return {error.pointer: error.code for error in refused.value.errors}


def find(company: Any, kind: str, name: str | None = None) -> Definition:
    statement = sa.select(Definition).where(Definition.tenant_id == company.id, Definition.kind == kind)
    statement = statement.where(Definition.name == name) if name else statement.where(Definition.is_default)
    return db.session.scalars(statement).one()


# --- What may be saved ------------------------------------------------------------------------------------------------


def test_a_calendar_keeps_lunch_overnight_and_whole_days() -> None:
    hours = {"mon": [["13:15", "17:00"], ["9:00", "12:30"]], "fri": [["22:00", "06:00"]], "sun": [["00:00", "24:00"]]}
    made = checked("calendar", {"tz": "Europe/London", "hours": hours, "unheard": 1})
    assert made["hours"] == {
        "mon": [["09:00", "12:30"], ["13:15", "17:00"]],
        "fri": [["22:00", "06:00"]],
        "sun": [["00:00", "24:00"]],
    }
    assert "unheard" not in made
    assert describe.week_minutes(made["hours"]) == 210 + 225 + 480 + 1440


@pytest.mark.parametrize(
    ("hours", "pointer", "code"),
    [
        ({"mon": [["09:00", "12:00"], ["11:00", "13:00"]]}, "/hours/mon/1", "overlap"),
        ({"fri": [["22:00", "06:00"]], "sat": [["05:00", "09:00"]]}, "/hours/sat/0", "overlap"),
        ({"sun": [["22:00", "06:00"]], "mon": [["05:30", "09:00"]]}, "/hours/mon/0", "overlap"),
        ({"mon": [["09:00", "09:00"]]}, "/hours/mon/0", "equal_ends"),
        ({"mon": [["00:00", "00:00"]]}, "/hours/mon/0", "equal_ends"),
        ({"mon": [["24:00", "09:00"]]}, "/hours/mon/0", "bad_time"),
        ({"mon": [["09:00", "25:00"]]}, "/hours/mon/0", "bad_time"),
        ({"mon": [["09:00"]]}, "/hours/mon/0", "bad_time"),
        ({"mon": "always"}, "/hours/mon", "wrong_type"),
        ({"someday": [["09:00", "12:00"]]}, "/hours/someday", "unknown_day"),
        ({}, "/hours", "never_open"),
    ],
)
def test_hours_that_contradict_themselves_are_refused_with_their_row(hours: Any, pointer: str, code: str) -> None:
    assert pointers("calendar", {"tz": "UTC", "hours": hours})[pointer] == code


def test_touching_windows_do_not_overlap() -> None:
    hours = {"mon": [["09:00", "12:00"], ["12:00", "13:00"]], "tue": [["22:00", "00:00"]], "wed": [["00:00", "06:00"]]}
    assert checked("calendar", {"tz": "UTC", "hours": hours})["hours"]["mon"] == [
        ["09:00", "12:00"],
        ["12:00", "13:00"],
    ]


def test_single_days_are_checked() -> None:
    wrong = {
        "tz": "Mars/Base",
        "hours": {"mon": [["09:00", "17:00"]]},
        "holidays": [{"on": "2027-12-25", "name": "Christmas"}, {"on": "2027-12-25"}, {"on": "2027-13-01"}],
        "yearly": [{"on": "02-30"}],
        "overrides": {"2027-12-25": [["09:00", "12:00"]], "2027-12-24": [["09:00", "12:00"], ["10:00", "11:00"]]},
    }
    assert pointers("calendar", wrong) == {
        "/tz": "unknown_time_zone", "/holidays/1": "twice", "/holidays/2": "bad_date", "/yearly/0": "bad_date",
        "/overrides/2027-12-25": "holiday", "/overrides/2027-12-24/1": "overlap",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("content", "pointer", "code"),
    [
        ({"targets": {"P9": {}}}, "/targets/P9", "unknown"),
        ({"targets": {}}, "/targets", "required"),
        ({"targets": {"P1": {"resolution": {"minutes": 0, "calendar_id": "c"}}}}, "/targets/P1/resolution/minutes", "range"),
        ({"targets": {"P1": {"resolution": {"minutes": "4", "calendar_id": "c"}}}}, "/targets/P1/resolution/minutes", "range"),
        (
            {"targets": {"P1": {"resolution": {"minutes": 4, "calendar_id": "x"}}}},
            "/targets/P1/resolution/calendar_id",
            "unknown_calendar",
        ),
        ({"targets": {"P1": {"lunch": {"minutes": 4, "calendar_id": "c"}}}}, "/targets/P1/lunch", "unknown"),
        ({"at_risk_percent": 0}, "/at_risk_percent", "range"),
        ({"at_risk_percent": float("nan")}, "/at_risk_percent", "range"),
        ({"reopening": "never"}, "/reopening", "unknown"),
        ({"pause_states": ["lunch", {}]}, "/pause_states", "unknown"),
        ({"conditions": {"weather": "rain"}}, "/conditions/weather", "unknown"),
        ({"steps": {"resolution": [{"percent": 50}, {"percent": 50}]}}, "/steps/resolution/1", "twice"),
        ({"steps": {"resolution": [{"percent": 50, "offset_minutes": 3}]}}, "/steps/resolution/0", "bad_step"),
        (
            {"steps": {"resolution": [{"actions": [{"kind": "notify", "to": "everybody"}]}]}},
            "/steps/resolution/0/actions/0",
            "bad_action",
        ),
        (
            {"steps": {"resolution": [{"actions": [{"kind": "web_hook", "to": "http://a"}]}]}},
            "/steps/resolution/0/actions/0",
            "bad_action",
        ),
        *(
            ({"steps": {"resolution": [{"actions": [{"kind": "web_hook", "to": to}]}]}}, "/steps/resolution/0/actions/0", "bad_action")
            for to in ("https://127.0.0.1/", "https://[::ffff:127.0.0.1]/", "https://10.0.0.8/x", "https://a:b@x.com/", "https://x.com:22/",
                       "https://2130706433/", "https://", "https://x y.com/", "https://[::1")
        ),
        (
            {"steps": {"resolution": [{"percent": 5}, {"actions": [{"kind": "note", "to": "x"}, {"kind": "notify", "to": NOBODY}]}]}},
            "/steps/resolution/1/actions/1",
            "unknown_team",
        ),
        (
            {"steps": {"resolution": [{"actions": [{"kind": "reassign", "to": NOBODY}]}]}},
            "/steps/resolution/0/actions/0",
            "unknown_team",
        ),
        (
            {"steps": {"resolution": [{"actions": [{"kind": "reassign", "to": "lead"}]}]}},
            "/steps/resolution/0/actions/0",
            "bad_action",
        ),
        ({"ends_at": "tomorrow"}, "/ends_at", "bad_instant"),
    ],
)
def test_policies_that_promise_nonsense_are_refused(content: Any, pointer: str, code: str) -> None:
    whole = {"targets": {"P1": {"resolution": {"minutes": 60, "calendar_id": "c"}}}, **content}
    assert pointers("policy", whole, calendars=["c"])[pointer] == code


def test_steps_are_known_by_their_place() -> None:
    steps = [{"percent": 75.0}, {"offset_minutes": -30}, {"offset_minutes": 120}, {}]
    made = checked("policy", policy("c", steps={"resolution": steps}), calendars=["c"])
    assert [step["key"] for step in made["steps"]["resolution"]] == ["75", "-30m", "+120m", "breach"]


def test_a_matrix_has_every_pair() -> None:
    cells = {impact: dict.fromkeys("123", 2) for impact in "12"} | {"3": {"1": 5, "2": True}}
    assert pointers("matrix", {"cells": cells}) == dict.fromkeys(["/cells/3/1", "/cells/3/2", "/cells/3/3"], "range")


# --- Versions ---------------------------------------------------------------------------------------------------------


def test_a_new_version_leaves_earlier_ones_alone(console_app: Any, acme: Any) -> None:
    with world.as_staff(console_app) as by:
        calendar = find(acme, "calendar")
        before = list(library.versions(calendar))
        now = clock.now()
        made = definitions.add_version(calendar.id, OFFICE, version=calendar.version, effective_at=now, by=by, note="Lunch")
        assert (made.number, made.effective_at, made.note, made.author_name) == (2, now, "Lunch", "test")
        after = library.versions(calendar)
        assert [version.content for version in after[:-1]] == [version.content for version in before]
        shown = library.held([acme.id], by=by)
        held = next(each for each in shown if each.definition.id == calendar.id)
        assert held.in_force(now).number == 2
        assert held.in_force(now - timedelta(seconds=1)).number == 1


def test_saving_over_somebody_elses_version_is_refused(console_app: Any, acme: Any) -> None:
    with world.as_staff(console_app) as by:
        calendar = find(acme, "calendar")
        seen = calendar.version
        definitions.add_version(calendar.id, OFFICE, version=seen, effective_at=clock.now(), by=by)
        with pytest.raises(StaleVersion):
            definitions.add_version(calendar.id, OFFICE, version=seen, effective_at=clock.now(), by=by)


def test_versions_begin_one_after_the_other(console_app: Any, acme: Any) -> None:
    with world.as_staff(console_app) as by:
        calendar, now = find(acme, "calendar"), clock.now()
        definitions.add_version(calendar.id, OFFICE, version=1, effective_at=now + timedelta(days=9), by=by)
        with pytest.raises(Invalid, match="Version 2 begins later"):
            definitions.add_version(calendar.id, OFFICE, version=2, effective_at=now, by=by)
        same_day = definitions.add_version(calendar.id, OFFICE, version=2, effective_at=now + timedelta(days=9), by=by)
        held = next(each for each in library.held([acme.id], by=by) if each.definition.id == calendar.id)
        assert held.in_force(now + timedelta(days=10)).id == same_day.id, "the later one of the same instant holds"


def test_a_version_cannot_begin_before_a_ticket_that_was_promised_something(console_app: Any, acme: Any) -> None:
    requester = acme.actor()
    with clock.at(MONDAY), world.acting(console_app, requester):
        opening.open_ticket(acme.id, "Old ticket", by=requester)
    with clock.at(MONDAY + timedelta(days=1)), world.as_staff(console_app) as by:
        calendar = find(acme, "calendar")
        with pytest.raises(Invalid, match="opened since then"):
            definitions.add_version(calendar.id, OFFICE, version=1, effective_at=MONDAY - timedelta(days=1), by=by)


def test_overlapping_conditions_are_refused(console_app: Any, acme: Any) -> None:
    with world.as_staff(console_app) as by:
        calendar_id = str(find(acme, "calendar").id)
        definitions.add_definition(acme.id, "policy", "Requests", policy(calendar_id, conditions={"kind": "request"}), by=by)
        with pytest.raises(Invalid, match="“Requests” applies to every request already"):
            definitions.add_definition(acme.id, "policy", "Again", policy(calendar_id, conditions={"kind": "request"}), by=by)
        with pytest.raises(Invalid, match="applies to everything already"):
            definitions.add_definition(acme.id, "policy", "Everything", policy(calendar_id), by=by)
        definitions.add_definition(
            acme.id, "policy", "Phoned", policy(calendar_id, conditions={"kind": "request", "channel": "phone"}), by=by
        )
        default = find(acme, "policy")
        with pytest.raises(Invalid, match="default applies"):
            definitions.add_version(
                default.id,
                policy(calendar_id, conditions={"kind": "incident"}),
                version=default.version,
                effective_at=clock.now(),
                by=by,
            )


def test_a_policy_taken_out_of_force_makes_room(console_app: Any, acme: Any) -> None:
    with world.as_staff(console_app) as by:
        calendar_id, now = str(find(acme, "calendar").id), clock.now()
        content = policy(calendar_id, conditions={"kind": "request"})
        old = definitions.add_definition(acme.id, "policy", "Requests", content, by=by)
        definitions.end_policy(old.id, version=old.version, ends_at=now, by=by)
        definitions.add_definition(acme.id, "policy", "New requests", content, by=by, effective_at=now)
        default = find(acme, "policy")
        with pytest.raises(Invalid, match="default always applies"):
            definitions.end_policy(default.id, version=default.version, ends_at=now, by=by)


def test_a_policy_cannot_name_another_clients_calendar(console_app: Any, acme: Any, birch: Any) -> None:
    with world.as_staff(console_app) as by:
        foreign = str(find(birch, "calendar").id)
        with pytest.raises(Invalid, match="Choose one of the calendars"):
            definitions.add_definition(acme.id, "policy", "Theirs", policy(foreign, conditions={"kind": "request"}), by=by)


def test_a_policy_added_later_does_not_reach_back(console_app: Any, acme: Any) -> None:
    requester = acme.actor()
    with clock.at(MONDAY), world.acting(console_app, requester):
        ticket = opening.open_ticket(acme.id, "Old request", kind="request", by=requester)
    with clock.at(MONDAY + timedelta(hours=1)), world.as_staff(console_app) as by:
        calendar_id = str(find(acme, "calendar").id)
        definitions.add_definition(acme.id, "policy", "Requests", policy(calendar_id, 5, conditions={"kind": "request"}), by=by)
        reading = queries.read(acme.id, ticket.id, "resolution", now=clock.now())
        assert reading.current is not None
        assert reading.current.policy is not None
        assert reading.current.policy.name == "Standard"


def test_foreign_and_forbidden_definitions(console_app: Any, acme: Any, birch: Any) -> None:
    _, limited = world.agent(console_app, "account_manager", clients=[birch.id])
    _, reader = world.agent(console_app, "read_only")
    with world.as_staff(console_app):
        calendar_id = find(acme, "calendar").id
    with world.acting(console_app, limited), pytest.raises(NotFound):
        definitions.add_version(calendar_id, OFFICE, version=1, effective_at=clock.now(), by=limited)
    with world.acting(console_app, limited), pytest.raises(NotFound):
        definitions.add_definition(acme.id, "calendar", "Mine", OFFICE, by=limited)
    with world.acting(console_app, reader), pytest.raises(Forbidden):
        definitions.add_version(calendar_id, OFFICE, version=1, effective_at=clock.now(), by=reader)


def test_rename_keeps_names_apart(console_app: Any, acme: Any) -> None:
    with world.as_staff(console_app) as by:
        office = find(acme, "calendar", "Business hours")
        with pytest.raises(Invalid, match="called Around the clock already"):
            definitions.rename(office.id, "Around the clock", version=office.version, by=by)
        assert definitions.rename(office.id, " Practice hours ", version=office.version, by=by).name == "Practice hours"


# --- Templates --------------------------------------------------------------------------------------------------------


def test_a_new_client_has_copies_that_are_no_different(console_app: Any, acme: Any) -> None:
    with world.as_staff(console_app) as by:
        held = library.held([acme.id], by=by)
        assert {(each.definition.kind, each.definition.is_default) for each in held} >= {
            ("calendar", True),
            ("policy", True),
            ("matrix", True),
        }
        names = {str(id): name for name, id in library.calendar_ids(acme.id).items()}
        for each in held:
            template = library.template(each.definition.template_id)
            assert differences(each.definition.kind, template.content, each.last.content, calendars=names) == []
            assert each.last.effective_at is None


def test_differences_are_told_in_words(console_app: Any, acme: Any) -> None:
    with world.as_staff(console_app) as by:
        names = {str(id): name for name, id in library.calendar_ids(acme.id).items()}
        ids = library.calendar_ids(acme.id)
        default = find(acme, "policy")
        changed = {**library.last_version(default).content, "at_risk_percent": 80}
        changed["targets"] = {**changed["targets"], "P1": {
            **changed["targets"]["P1"], "resolution": {"minutes": 90, "calendar_id": str(ids["Around the clock"])},
            "update": {"minutes": 120, "calendar_id": str(ids["Business hours"])},
        }}  # fmt: skip
        made = definitions.add_version(default.id, changed, version=default.version, effective_at=clock.now(), by=by)
        template = library.template(default.template_id)
        assert [tuple(each) for each in differences("policy", template.content, made.content, calendars=names)] == [
            ("P1 next update", "—", "2 h"),
            ("P1 resolution", "4 h", "1 h 30"),
            ("P1 calendar", "Business hours", "Business hours and Around the clock"),
            ("At risk from", "75 %", "80 %"),
        ]


def test_a_template_counts_its_changes_and_leaves_copies_alone(console_app: Any, acme: Any) -> None:
    with world.as_staff(console_app) as by:
        name = world.unique("Gold hours ")
        template = templates.save_template("calendar", name, OFFICE, by=by)
        copy = templates.copy_template(acme.id, template, by=by)
        changed = {**OFFICE, "hours": {"mon": [["08:00", "20:00"]]}}
        templates.save_template("calendar", name, changed, by=by, template_id=template.id, number=1)
        assert template.number == 2
        with pytest.raises(StaleVersion):
            templates.save_template("calendar", name, OFFICE, by=by, template_id=template.id, number=1)
        assert copy.template_number == 1
        said = differences("calendar", template.content, library.last_version(copy).content, calendars={})
        assert said[0] == ("Monday", "08:00–20:00", "09:00–12:30, 13:15–17:00")
        taken_over = templates.content_for(acme.id, template)
        assert taken_over["tz"] == "Europe/London", "a copy keeps the client's own zone"
        definitions.add_version(copy.id, taken_over, version=copy.version, effective_at=clock.now(), by=by, template_number=template.number)
        assert differences("calendar", template.content, library.last_version(copy).content, calendars={}) == []
        assert copy.template_number == 2


def test_a_policy_template_brings_its_calendars(console_app: Any, acme: Any) -> None:
    with world.as_staff(console_app) as by:
        calendar = templates.save_template("calendar", world.unique("Night hours "), OFFICE, by=by)
        content = {"targets": {"P1": {"response": {"minutes": 15, "calendar": calendar.name}}}}
        gold = templates.save_template("policy", world.unique("Gold "), content, by=by)
        copy = templates.copy_template(acme.id, gold, by=by, conditions={"kind": "request"})
        bound = library.last_version(copy).content["targets"]["P1"]["response"]["calendar_id"]
        assert bound == str(library.calendar_ids(acme.id)[calendar.name])
        with pytest.raises(Invalid, match="names this calendar"):
            templates.save_template("calendar", "Another name", OFFICE, by=by, template_id=calendar.id)
        with pytest.raises(Invalid, match="Choose one of the calendars"):
            templates.save_template("policy", gold.name, {"targets": {"P1": {"response": {"minutes": 1, "calendar": "Nowhere"}}}}, by=by)


# --- Words ------------------------------------------------------------------------------------------------------------


def test_a_week_in_words() -> None:
    hours: dict[str, Any] = {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu")}
    assert (
        describe.week_words(hours | {"sat": [["10:00", "12:00"]], "sun": [["10:00", "12:00"]]})
        == "Mon–Thu 09:00–17:00, Sat, Sun 10:00–12:00"
    )
    assert (
        describe.week_words({day: [["00:00", "24:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}) == "Round the clock"
    )
    assert describe.week_minutes({"mon": [["22:00", "06:00"]], "tue": [["05:00", "07:00"]]}) == 9 * 60, "counted once"
    assert describe.week_minutes({"sun": [["22:00", "06:00"]], "mon": [["05:00", "07:00"]]}) == 9 * 60, "round the end of the week too"


def test_rules_in_words() -> None:
    content = {
        "pause_states": ["waiting_for_client", "scheduled"],
        "steps": {"resolution": [{"percent": 50}, {"percent": 90}, {}], "response": [{"percent": 75}]},
    }
    assert describe.rules_words(content) == (
        "Resolution pauses while waiting for client and while scheduled. Response escalates at 75\N{NO-BREAK SPACE}%."
        " Resolution escalates at 50\N{NO-BREAK SPACE}%, 90\N{NO-BREAK SPACE}% and the breach. Reopened: the same clock goes on."
    )


def test_versions_are_kept_for_ever(console_app: Any, acme: Any) -> None:
    """Not even staff may change or delete one."""
    from sqlalchemy.exc import ProgrammingError

    with pytest.raises(ProgrammingError, match="permission denied"), world.as_staff(console_app):
        db.session.execute(sa.update(DefinitionVersion).values(number=99))
