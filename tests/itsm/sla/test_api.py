"""Calendars, policies and matrices over the API: what editors do, what clients read, and what is refused."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from msp.core import clock
from msp.itsm.sla import library
from msp.itsm.sla.services import templates
from msp.itsm.tickets.services import opening
from tests.support import world
from tests.support.caller import Caller
from tests.support.statements import counted

MONDAY = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)  # London keeps UTC in winter; the calendar is Mon-Fri 09:00-17:00
LATER = MONDAY + timedelta(hours=3)


@pytest.fixture
def editor(console_app: Any) -> Caller:
    return Caller(console_app, "console.localhost", world.agent(console_app, "account_manager")[1], "sla:write")


@pytest.fixture
def ticket(console_app: Any, acme: Any) -> Any:
    """A P3 ticket: response 4 h, resolution 24 h of working time."""
    requester = acme.actor()
    with clock.at(MONDAY), world.acting(console_app, requester):
        return opening.open_ticket(acme.id, "No mail", by=requester)


def only(caller: Caller, path: str) -> Any:
    """The one definition of a list, in full, with its tag."""
    rows = caller("GET", path).json["data"]
    assert len(rows) == 1, rows
    found = caller("GET", f"/{path.rpartition('/')[2]}/{rows[0]['id']}")
    return found.json, found.headers["ETag"]


def with_resolution(content: Any, minutes: Any) -> Any:
    row = content["targets"]["P3"]
    changed = {**row, "resolution": {**row["resolution"], "minutes": minutes}}
    return {**content, "targets": {**content["targets"], "P3": changed}}


def codes(answer: Any) -> list[tuple[str, str]]:
    return [(error["pointer"], error["code"]) for error in answer.json.get("errors", ())]


def test_a_version_is_looked_at_saved_and_moves_what_was_said(editor: Caller, acme: Any, ticket: Any, console_app: Any) -> None:
    with clock.at(LATER):
        policy, tag = only(editor, f"/tenants/{acme.id}/policies")
        one, content = f"/policies/{policy['id']}", with_resolution(policy["content"], 60)
        looked = editor("POST", f"{one}/preview", json={"content": content})
        assert (looked.json["moved"], looked.json["newly_breached"], looked.json["open_count"]) == (1, 1, 1)
        move = looked.json["moves"][0]
        assert (move["subject_id"], move["clock"], move["priority"]) == (str(ticket.id), "resolution", "P3")
        assert (move["due_before"], move["due_after"]) == ("2027-03-03T17:00:00Z", "2027-03-01T10:00:00Z")
        assert only(editor, f"/tenants/{acme.id}/policies")[0]["number"] == 1, "a look saves nothing"

        sent = {"content": content, "moves_open": True, "note": "as agreed on 28 February"}
        assert editor("POST", f"{one}/versions", json=sent).status_code == 428
        assert codes(editor("POST", f"{one}/versions", {"If-Match": tag}, json={"content": content})) == [("/moves_open", "required")]
        key = {"If-Match": tag, "Idempotency-Key": "v2"}
        saved = editor("POST", f"{one}/versions", key, json=sent)
        assert saved.status_code == 201, saved.json
        assert editor("POST", f"{one}/versions", key, json=sent).headers["Idempotency-Replayed"] == "true"
        assert editor("POST", f"{one}/versions", {"If-Match": tag}, json=sent).status_code == 412
        again = editor("POST", f"{one}/versions", {"If-Match": saved.headers["ETag"]}, json=sent)
        assert codes(again) == [("/content", "unchanged")]
        assert [(row["number"], row["note"]) for row in saved.json["versions"]] == [(1, None), (2, "as agreed on 28 February")]
        assert saved.headers["Location"].endswith(f"{one}/versions/2")
        first = editor("GET", f"{one}/versions/1")
        assert first.json["content"]["targets"]["P3"]["resolution"]["minutes"] == 1440, "a version never changes"
        assert editor("GET", f"{one}/versions/9").status_code == 404
        read = Caller(console_app, "console.localhost", world.agent(console_app, "agent")[1], "tickets:read")
        assert read("GET", f"/tickets/{ticket.id}/clocks/resolution").json["due_at"] == move["due_after"], "what was said came true"


def test_what_is_wrong_is_pointed_at(editor: Caller, acme: Any) -> None:
    policy, tag = only(editor, f"/tenants/{acme.id}/policies")
    at, content = f"/policies/{policy['id']}/versions", policy["content"]

    def wrong(changed: Any) -> list[tuple[str, str]]:
        answer = editor("POST", at, {"If-Match": tag}, json={"content": changed, "moves_open": False})
        assert answer.status_code == 422, answer.json
        return codes(answer)

    assert wrong(with_resolution(content, 0)) == [("/content/targets/P3/resolution/minutes", "range")]
    assert wrong(with_resolution(content, "4 h")) == [("/content/targets/P3/resolution/minutes", "range")]
    assert wrong({**content, "pause_states": ["lunch"]}) == [("/content/pause_states", "unknown")]
    assert wrong({**content, "pausing": []}) == [("/content/pausing", "unknown")]
    assert wrong({**content, "targets": 7})[0][0] == "/content/targets"
    assert wrong({**content, "steps": {"resolution": [{"percent": 75, "action": []}]}}) == [
        ("/content/steps/resolution/0/action", "unknown")
    ]
    assert wrong({**content, "conditions": {"kind": ["incident"]}}) == [("/content/conditions/kind", "wrong_type")]
    foreign = {"minutes": 60, "calendar_id": str(uuid4())}
    unknown = [("/content/targets/P1/response/calendar_id", "unknown_calendar")]
    assert wrong({**content, "targets": {"P1": {"response": foreign}}}) == unknown

    told = {"steps": {"resolution": [{"percent": 75, "actions": [{"kind": "notify", "to": str(uuid4())}]}]}}
    assert wrong({**content, **told}) == [("/content/steps/resolution/0/actions/0", "unknown_team")]

    path = f"/tenants/{acme.id}/calendars"
    sent = {"name": "Shop", "moves_open": False, "content": {"tz": "Europe/London", "hours": {"mon": [["09:00", "08"]]}}}
    assert codes(editor("POST", path, json=sent)) == [("/content/hours/mon/0", "bad_time")]
    assert codes(editor("POST", path, json={**sent, "content": {**sent["content"], "tz": "Mars"}}))[0][0] == "/content/tz"
    assert codes(editor("POST", path, json={**sent, "content": {"tz": "UTC", "hours": {}}})) == [("/content/hours", "never_open")]
    assert editor("GET", f"{path}?sort=size").status_code == editor("GET", "/templates?kind=nothing").status_code == 422


def test_a_calendar_and_a_policy_of_its_own_are_added_named_and_ended(editor: Caller, acme: Any, ticket: Any) -> None:
    with clock.at(LATER):
        path = f"/tenants/{acme.id}/calendars"
        hours = {"tz": "Europe/London", "hours": {"sat": [["10:00", "16:00"]]}}
        made = editor("POST", path, json={"name": "Weekend", "content": hours, "moves_open": False})
        assert made.status_code == 201, made.json
        assert made.json["content"]["hours"] == hours["hours"]
        taken = editor("POST", path, json={"name": "Weekend", "content": hours, "moves_open": False})
        assert codes(taken) == [("/name", "taken")]
        pages = [editor("GET", f"{path}?limit=2").json]
        pages.append(editor("GET", f"{path}?limit=2&cursor={pages[0]['next']}").json)
        names = [row["name"] for page in pages for row in page["data"]]
        assert names == sorted(names)
        assert "Weekend" in names
        renamed = editor("PATCH", f"/calendars/{made.json['id']}", {"If-Match": made.headers["ETag"]}, json={"name": "Saturdays"})
        assert renamed.json["name"] == "Saturdays"
        assert editor("GET", f"/policies/{made.json['id']}").status_code == 404, "a calendar is no policy"

        target = {"minutes": 60, "calendar_id": made.json["id"]}
        policies, content = f"/tenants/{acme.id}/policies", {"targets": {"P3": {"resolution": target}}, "conditions": {"kind": "incident"}}
        looked = editor("POST", f"{policies}/preview", json={"content": content})
        assert looked.json["moved"] == 1
        without = {"name": "All", "content": {**content, "conditions": {}}, "moves_open": False}
        assert codes(editor("POST", policies, json=without)) == [("/content/conditions", "clash")]
        own = editor("POST", policies, json={"name": "Incidents", "content": content, "moves_open": False})
        ends = {"ends_at": "2027-04-01T00:00:00+01:00"}
        ended = editor("POST", f"/policies/{own.json['id']}/end", {"If-Match": own.headers["ETag"]}, json=ends)
        assert ended.status_code == 200, ended.json
        assert [row["effective_at"] for row in ended.json["versions"]][1:] == ["2027-03-31T23:00:00Z"]
        default = next(row for row in editor("GET", policies).json["data"] if row["is_default"])
        assert editor("POST", f"/policies/{default['id']}/end", {"If-Match": "*"}, json=ends).status_code == 422


def test_a_matrix_is_looked_at_and_changed(editor: Caller, acme: Any, ticket: Any) -> None:
    with clock.at(LATER):
        matrix, tag = only(editor, f"/tenants/{acme.id}/matrices")
        one, cells = f"/matrices/{matrix['id']}", {**matrix["content"]["cells"], "2": {"1": 1, "2": 1, "3": 3}}
        looked = editor("POST", f"{one}/preview", json={"content": {"cells": cells}})
        assert [(move["subject_id"], move["priority"]) for move in looked.json["moves"][:1]] == [(str(ticket.id), "P1")]
        saved = editor("POST", f"{one}/versions", {"If-Match": tag}, json={"content": {"cells": cells}, "moves_open": True})
        assert saved.json["content"]["cells"]["2"]["2"] == 1
        wrong = {"content": {"cells": {**cells, "1": {"1": 9}}}, "moves_open": False}
        refused = editor("POST", f"{one}/versions", {"If-Match": "*"}, json=wrong)
        assert codes(refused)[0] == ("/content/cells/1/1", "range")
        assert editor("POST", f"/tenants/{acme.id}/matrices", json={}).status_code in (404, 405)


def test_templates_are_read_copied_and_compared(editor: Caller, acme: Any, console_app: Any) -> None:
    name, sent = world.unique("Night "), {"tz": "UTC", "hours": {"mon": [["22:00", "06:00"]]}}
    with world.as_staff(console_app) as by:
        stored = templates.save_template("calendar", name, sent, by=by)
        matrix = library.templates("matrix")[0]
    assert name in [row["name"] for row in editor("GET", "/templates?kind=calendar&limit=200").json["data"]]
    one = f"/templates/{stored.id}"
    assert editor("GET", one).json["content"]["hours"] == sent["hours"]
    copied = editor("POST", f"{one}/copies", json={"tenant_id": str(acme.id), "moves_open": False})
    assert copied.status_code == 201, copied.json
    assert (copied.json["content"]["tz"], copied.json["template_id"]) == ("Europe/London", str(stored.id))
    own = f"/calendars/{copied.json['id']}"
    assert editor("GET", f"{own}/difference").json["differences"] == []
    other = {"content": {**copied.json["content"], "hours": {"mon": [["21:00", "06:00"]]}}, "moves_open": False}
    assert editor("POST", f"{own}/versions", {"If-Match": "*"}, json=other).status_code == 201
    assert editor("GET", f"{own}/difference").json["differences"] == [
        {"field": "Monday", "template": "22:00–06:00", "client": "21:00–06:00"}
    ]
    assert codes(editor("POST", f"{one}/copies", json={"tenant_id": str(uuid4()), "moves_open": False})) == [("/tenant_id", "unknown")]
    twice = editor("POST", f"/templates/{matrix.id}/copies", json={"tenant_id": str(acme.id), "moves_open": False})
    assert codes(twice) == [("/tenant_id", "exists")]
    assert editor("GET", f"/templates/{uuid4()}").status_code == 404


def test_a_list_asks_no_more_for_many_definitions(console_app: Any, editor: Caller, acme: Any) -> None:
    path, asked = f"/tenants/{acme.id}/calendars", []
    for names in (("A",), ("B", "C", "D")):
        for name in names:
            sent = {"name": name, "moves_open": False, "content": {"tz": "UTC", "hours": {"mon": [["01:00", "02:00"]]}}}
            assert editor("POST", path, json=sent).status_code == 201
        with counted(console_app) as statements:
            assert {row["name"] for row in editor("GET", path).json["data"]} >= set(names)
        asked.append(len(statements))
    assert asked[0] == asked[1]


def test_a_client_reads_its_agreement_and_nothing_of_ours(editor: Caller, portal_app: Any, acme: Any, birch: Any) -> None:
    policy, tag = only(editor, f"/tenants/{acme.id}/policies")
    spare = {"name": "Spare", "moves_open": False, "content": {"tz": "UTC", "hours": {"mon": [["01:00", "02:00"]]}}}
    unused = editor("POST", f"/tenants/{acme.id}/calendars", json=spare).json["id"]
    row = policy["content"]["targets"]["P1"]
    content = {**policy["content"], "targets": {**policy["content"]["targets"], "P1": {**row, "ola": row["response"]}}}
    sent = {"content": content, "moves_open": False, "note": "zebrafinch"}
    assert editor("POST", f"/policies/{policy['id']}/versions", {"If-Match": tag}, json=sent).status_code == 201

    own = Caller(portal_app, acme.host, acme.actor(), "tickets:read")
    listed = own("GET", f"/tenants/{acme.id}/policies")
    assert [row["name"] for row in listed.json["data"]] == ["Standard"]
    one = own("GET", f"/policies/{policy['id']}")
    assert set(one.json["content"]) == {"conditions", "targets", "pause_states"}
    assert one.json["content"]["targets"]["P1"] == row, "what our teams promise one another is ours"
    assert one.json["versions"] == [{"number": 2, "effective_at": one.json["versions"][0]["effective_at"]}]
    for hidden in (b"zebrafinch", b"notify", b"ola", b"author"):
        assert hidden not in one.data + listed.data
    assert own("GET", f"/policies/{policy['id']}/versions/1").status_code == 404
    assert own("GET", f"/calendars/{row['response']['calendar_id']}").json["content"]["hours"]["mon"] == [["09:00", "17:00"]]
    assert own("GET", f"/calendars/{unused}").status_code == 404
    assert own("GET", f"/tenants/{acme.id}/matrices").json["data"] == []
    for path in ("/templates", f"/policies/{policy['id']}/difference"):
        assert own("GET", path).status_code == 403
    assert own("POST", f"/policies/{policy['id']}/preview", json={"content": content}).status_code == 403


def test_others_find_nothing_and_readers_change_nothing(console_app: Any, portal_app: Any, editor: Caller, acme: Any, birch: Any) -> None:
    policy, _ = only(editor, f"/tenants/{acme.id}/policies")
    one, body = f"/policies/{policy['id']}", {"content": policy["content"], "moves_open": False}
    reader = Caller(console_app, "console.localhost", world.agent(console_app, "lead")[1], "sla:read")
    assert reader("GET", one).status_code == 200
    assert reader("POST", f"{one}/versions", {"If-Match": "*"}, json=body).status_code == 403
    no_scope = Caller(console_app, "console.localhost", world.agent(console_app, "lead")[1], "tickets:write")
    assert no_scope("GET", one).status_code == 403

    stranger = Caller(portal_app, birch.host, birch.actor("manager"), "sla:read")
    limited = Caller(console_app, "console.localhost", world.agent(console_app, "account_manager", clients=[birch.id])[1], "sla:write")
    for caller in (stranger, limited):
        for path in (one, f"{one}/versions/1"):
            foreign, nowhere = caller("GET", path), caller("GET", path.replace(policy["id"], str(uuid4())))
            assert foreign.status_code == 404
            assert {**foreign.json, "request_id": 0} == {**nowhere.json, "request_id": 0}
        assert caller("GET", f"/tenants/{acme.id}/policies").status_code == 404
    for act, sent in (("versions", body), ("preview", {"content": policy["content"]}), ("end", {"ends_at": "2027-04-01T00:00:00Z"})):
        assert limited("POST", f"{one}/{act}", {"If-Match": "*"}, json=sent).status_code == 404
    template = editor("GET", "/templates?kind=calendar").json["data"][0]["id"]
    copied = limited("POST", f"/templates/{template}/copies", json={"tenant_id": str(acme.id), "moves_open": False})
    assert codes(copied) == [("/tenant_id", "unknown")]


NASTY: list[Any] = [None, 0, -1, 1e300, True, "", "x", "\ud800", "9" * 5000, [], [None], [[]], [{}], {}, {"": None}, {"mon": 7}, {"P1": []}]
PLACES = {
    "calendars": ("tz", "hours", "holidays", "yearly", "overrides"),
    "policies": (
        "conditions", "targets", "steps", "pause_states", "pauses_response", "phone_counts_as_answer", "reopening",
        "at_risk_percent", "ends_at",
    ),
    "matrices": ("cells",),
}  # fmt: skip
DEEP: list[tuple[str, Any]] = [
    ("hours", {"mon": [["09:00"]]}), ("hours", {"mon": [[9, 17]]}), ("hours", {"mon": [{"from": "09:00"}]}), ("holidays", [{"on": 7}]),
    ("holidays", [{"on": "2027-12-25", "name": {}}]), ("yearly", [{"on": "02-30"}]), ("overrides", {"2027-12-24": [["x", "y"]]}),
    ("targets", {"P1": {"response": []}}), ("targets", {"P1": {"response": {"minutes": {}, "calendar_id": []}}}),
    ("targets", {"P1": {"response": 5}}), ("steps", {"response": [7, None, {"percent": "75"}]}), ("steps", {"response": {"percent": 75}}),
    ("steps", {"response": [{"percent": 75, "actions": [7, {"kind": []}, {"kind": "notify", "to": {}}]}]}), ("steps", {"lunch": []}),
    ("conditions", {"kind": {"a": []}}), ("conditions", {"service": "x" * 9999}), ("cells", {"1": 7}), ("cells", {"1": {"1": "1"}}),
]  # fmt: skip


@pytest.mark.parametrize("plural", PLACES)
def test_no_content_breaks_it(editor: Caller, acme: Any, plural: str) -> None:
    """Whatever stands in a content: looked at, or refused with a pointer into it."""
    rows = editor("GET", f"/tenants/{acme.id}/{plural}").json["data"]
    one = f"/{plural}/{rows[0]['id']}"
    content = editor("GET", one).json["content"]
    tries = [(place, nasty) for place in PLACES[plural] for nasty in NASTY] + [each for each in DEEP if each[0] in PLACES[plural]]
    for place, nasty in tries:
        answer = editor("POST", f"{one}/preview", json={"content": {**content, place: nasty}})
        assert answer.status_code in (200, 422), (place, nasty, answer.json)
        if answer.status_code == 422:
            assert all(pointer.startswith(f"/content/{place}") for pointer, _ in codes(answer)), (nasty, answer.json)
            assert codes(answer), (place, nasty, answer.json)
    for nasty in NASTY:
        assert editor("POST", f"{one}/preview", json={"content": nasty}).status_code == 422
