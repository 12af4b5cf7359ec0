"""Approvals over the API: lists, one, deciding with If-Match, passing on, withdrawing; who may not."""

from typing import Any

import pytest

from msp.core import clock
from tests.itsm.approvals import asked
from tests.support import world
from tests.support.caller import Caller


@pytest.fixture
def acme(console_app: Any) -> Any:
    return world.company(console_app, "Acme", requester=("requester",), tom=("requester",), samir=("manager",))


@pytest.fixture
def approval(console_app: Any, acme: Any) -> Any:
    return asked.start(console_app, acme, [acme.people["tom"]], [acme.people["samir"]], at=clock.now())


def caller(app: Any, company: Any, person: str, *scopes: str) -> Caller:
    return Caller(app, company.host, company.actor(person), *scopes)


def test_one_reads_and_decides(console_app: Any, portal_app: Any, acme: Any, approval: Any) -> None:
    tom, path = caller(portal_app, acme, "tom"), f"/approvals/{approval.id}"
    listed = tom("GET", "/approvals?which=waiting&state=waiting").json
    assert [row["id"] for row in listed["data"]] == [str(approval.id)]
    shown = tom("GET", path)
    assert shown.json["once"] == {"amount": "1140.00", "currency": "GBP"}
    assert [(seat["stage"], seat["is_open"]) for seat in shown.json["seats"]] == [(1, True)]
    tag = {"If-Match": shown.headers["ETag"]}
    assert tom("POST", f"{path}/decision", json={"is_approved": True}).status_code == 428
    refused = tom("POST", f"{path}/decision", headers=tag, json={"is_approved": False})
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/reason")
    assert tom("POST", f"{path}/decision", headers=tag, json={"is_approved": "perhaps"}).status_code == 422
    done = tom("POST", f"{path}/decision", headers=tag, json={"is_approved": True})
    assert [(seat["stage"], seat["decision"]) for seat in done.json["seats"]] == [(1, "approved"), (2, None)]
    assert tom("POST", f"{path}/decision", headers=tag, json={"is_approved": True}).status_code == 412
    assert tom("POST", f"{path}/decision", headers={"If-Match": "*"}, json={"is_approved": True}).json["code"] == "not_asked"
    seat = asked.seats(console_app, approval)[0]
    assert seat.channel == "api"
    assert seat.token_id is not None


def test_one_passes_it_on_and_whoever_asked_withdraws(portal_app: Any, acme: Any, approval: Any) -> None:
    tom, any_version, path = caller(portal_app, acme, "tom"), {"If-Match": "*"}, f"/approvals/{approval.id}"
    unknown = tom("POST", f"{path}/delegation", headers=any_version, json={"e_mail": "nobody@x.example"})
    assert (unknown.status_code, unknown.json["errors"][0]["pointer"]) == (422, "/e_mail")
    passed = tom("POST", f"{path}/delegation", headers=any_version, json={"e_mail": acme.people["samir"].e_mail})
    assert passed.json["seats"][0]["holder_name"] == acme.people["samir"].name
    assert tom("POST", f"{path}/withdrawal", headers=any_version).status_code == 403
    requester = caller(portal_app, acme, "requester")
    assert requester("POST", f"{path}/withdrawal", headers=any_version).json["state"] == "withdrawn"
    assert requester("POST", f"{path}/withdrawal", headers=any_version).json["code"] == "approval_ended"


def test_an_agent_who_manages_the_client_puts_another_in_a_seat(console_app: Any, acme: Any, approval: Any) -> None:
    seat, any_version = asked.seats(console_app, approval)[0], {"If-Match": "*"}
    path, sent = f"/approvals/{approval.id}/reassignment", {"seat_id": str(seat.id), "e_mail": acme.people["samir"].e_mail}
    scopes = ("people:write", "tickets:write")
    boss, plain = (Caller(console_app, "console.localhost", world.agent(console_app, role)[1], *scopes) for role in ("admin", "agent"))
    assert plain("POST", path, headers=any_version, json=sent).status_code == 403
    wrong = boss("POST", path, headers=any_version, json={**sent, "e_mail": "nobody@x.example"})
    assert (wrong.status_code, wrong.json["errors"][0]["pointer"]) == (422, "/e_mail")
    assert boss("POST", path, headers=any_version, json=sent).json["seats"][0]["holder_name"] == acme.people["samir"].name


def test_strangers_find_nothing_and_a_reading_token_decides_nothing(
    console_app: Any, portal_app: Any, acme: Any, birch: Any, approval: Any
) -> None:
    path, body = f"/approvals/{approval.id}", {"is_approved": True}
    _, limited = world.agent(console_app, clients=[birch.id])
    for stranger in (caller(portal_app, birch, "manager"), Caller(console_app, "console.localhost", limited)):
        assert stranger("GET", path).status_code == 404
        assert stranger("POST", f"{path}/decision", headers={"If-Match": "*"}, json=body).status_code == 404
        assert str(approval.id) not in stranger("GET", "/approvals").text
    reader = caller(portal_app, acme, "tom", "tickets:read")
    assert reader("GET", path).status_code == 200
    assert reader("POST", f"{path}/decision", headers={"If-Match": "*"}, json=body).status_code == 403
