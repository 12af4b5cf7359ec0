"""A client's recurring tickets in the console and over the API."""

import re
from typing import Any

import pytest

from tests.support import pages, world
from tests.support.caller import Caller
from tests.support.pages import words
from tests.support.statements import counted


@pytest.fixture
def lead(sit: Any) -> Any:
    return sit(roles=("lead",))


def fields(acme: Any, **changed: Any) -> dict[str, Any]:
    return {
        "subject": "Patch day", "body": "All servers.", "requester": acme.people["requester"].e_mail, "kind": "request", "impact": "3",
        "urgency": "3", "frequency": "MONTHLY", "interval": "1", "by": "weekday", "position": "-1", "days": ["FR"],
        "starts_on": "2027-03-01", "time": "08:00", "on_closed": "later", "ends": "never", **changed,
    }  # fmt: skip


def only_one(listed: Any) -> str:
    """The address of the one that a list holds."""
    [found] = set(re.findall(r'href="(/clients/[0-9a-f-]+/recurring/[0-9a-f-]{36})"', listed.text))
    return str(found)


def test_one_is_looked_at_planned_changed_and_paused(acme: Any, lead: Any) -> None:
    here = f"/clients/{acme.id}/recurring"
    assert "Nothing recurs yet" in words(lead.get(here))
    looked = words(lead.post(f"{here}/new", look="1", **fields(acme)))
    assert "Every month on the last Friday at 08:00, from 1 March 2027" in looked
    assert "Fri 26 March 2027, 08:00 GMT" in looked
    assert "Fri 30 April 2027, 08:00 BST" in looked
    assert lead.post(f"{here}/new", **fields(acme)).headers["Location"] == here
    listed = lead.get(here)
    assert "Every month on the last Friday" in words(listed)
    one = only_one(listed)
    sent = pages.fields(lead.get(one).text, "recurring").to_dict(flat=False)
    assert (sent["position"], sent["days"], sent["by"]) == (["-1"], ["FR"], ["weekday"])
    assert lead.post(one, **{**sent, "csrf_token": lead._csrf, "position": "1"}).status_code == 303
    assert "on the first Friday" in words(lead.get(one))
    assert lead.post(one, act="pause", version="2").status_code == 303
    assert "Paused" in words(lead.get(here))
    stale = lead.post(one, act="resume", version="2")
    assert stale.status_code == 412


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"days": []}, "Choose at least one weekday."),
        ({"requester": "nobody@nowhere.example"}, "Nobody at this client is called"),
        ({"requester": ""}, "Say for whom it opens."),
        ({"interval": "x"}, "INTERVAL is a number from 1 to 999."),
        ({"frequency": "HOURLY"}, "FREQ is one of"),
        ({"by": "day", "month_day": "40"}, "is not taken in BYMONTHDAY"),
        ({"time": "late"}, "Write the time as 08:00."),
        ({"starts_on": "soon"}, "Write the day as 2027-03-31."),
        ({"ends": "count", "count": ""}, "Say when it ends."),
        ({"ends": "until", "until": "2020-01-01"}, "No day of this rule is still to come."),
        ({"subject": " "}, "Say it in 1 to 300 characters."),
        ({"on_closed": "x"}, "One of open, later, earlier, skip."),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(acme: Any, lead: Any, wrong: dict[str, Any], message: str) -> None:
    answer = lead.post(f"/clients/{acme.id}/recurring/new", **fields(acme, **wrong))
    assert answer.status_code == 422
    assert message in words(answer)
    assert pages.fields(answer.text, "recurring")["body"] == "All servers."


def test_who_may_not_plan_reads_and_a_foreign_client_is_not_there(acme: Any, birch: Any, sit: Any, lead: Any) -> None:
    here = f"/clients/{acme.id}/recurring"
    lead.post(f"{here}/new", **fields(acme))
    reader = sit()
    assert "Patch day" in words(reader.get(here))
    assert reader.get(f"{here}/new").status_code == 403
    assert sit(birch, roles=("lead",)).get(here).status_code == 404
    one = only_one(lead.get(here))
    assert lead.get(one.replace(str(acme.id), str(birch.id))).status_code == 404


def test_the_list_asks_the_same_however_long_it_is(console_app: Any, acme: Any, lead: Any) -> None:
    here = f"/clients/{acme.id}/recurring"

    def asked() -> int:
        with counted(console_app) as statements:
            assert lead.get(here).status_code == 200
        return len(statements)

    lead.post(f"{here}/new", **fields(acme))
    asked()
    few = asked()
    for number in range(4):
        lead.post(f"{here}/new", **fields(acme, subject=f"Patch day {number}"))
    assert asked() == few


def test_the_api_plans_changes_and_lists(console_app: Any, acme: Any, birch: Any) -> None:
    lead = Caller(console_app, "console.localhost", world.agent(console_app, "lead")[1], "tickets:write")
    asked = {"subject": "Review", "requester_id": str(acme.people["requester"].id), "rule": "FREQ=YEARLY", "starts_on": "2127-03-01"}
    made = lead("POST", f"/tenants/{acme.id}/recurring-tickets", json=asked)
    assert (made.status_code, made.json["rule"], made.json["next_at"]) == (201, "FREQ=YEARLY", "2127-03-03T08:00:00Z")
    one = f"/recurring-tickets/{made.json['id']}"
    assert lead("PATCH", one, json={"is_paused": True}).status_code == 428
    paused = lead("PATCH", one, {"If-Match": made.headers["ETag"]}, json={"is_paused": True, "subject": "Review it"})
    assert (paused.json["subject"], paused.json["paused_at"] is not None) == ("Review it", True)
    assert lead("PATCH", one, {"If-Match": made.headers["ETag"]}, json={"subject": "x"}).status_code == 412
    assert [each["subject"] for each in lead("GET", f"/tenants/{acme.id}/recurring-tickets").json["data"]] == ["Review it"]
    assert lead("GET", f"{one}/openings").json == {"data": [], "next": None}
    wrong = lead("POST", f"/tenants/{acme.id}/recurring-tickets", json={**asked, "rule": "FREQ=NOW"})
    assert (wrong.status_code, wrong.json["errors"][0]["pointer"]) == (422, "/rule")
    foreign = lead("POST", f"/tenants/{birch.id}/recurring-tickets", json=asked)
    assert foreign.json["errors"][0]["pointer"] == "/requester_id"
    limited = Caller(console_app, "console.localhost", world.agent(console_app, "lead", clients=[birch.id])[1], "tickets:write")
    assert limited("GET", one).status_code == 404
    reader = Caller(console_app, "console.localhost", world.agent(console_app, "agent")[1], "tickets:write")
    assert reader("POST", f"/tenants/{acme.id}/recurring-tickets", json=asked).status_code == 403
