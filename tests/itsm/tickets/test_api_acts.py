"""Files, tags, followers, acknowledging and re-filing over the API."""

import io
import re
from typing import Any
from uuid import uuid4

import pytest

from tests.support import world
from tests.support.caller import Caller

PDF = b"%PDF-1.7\n" + b"x" * 400


@pytest.fixture
def one(contact: Caller) -> str:
    answer = contact("POST", "/tickets", json={"subject": "No mail", "body": "Since noon."})
    return f"/tickets/{answer.json['ref']}"


def send(caller: Caller, content: bytes = PDF, name: str = "plan.pdf", query: str = "") -> Any:
    return caller("POST", f"/attachments{query}", data={"file": (io.BytesIO(content), name)})


def kinds(caller: Caller, one: str) -> list[str]:
    return [entry["kind"] for entry in caller("GET", f"{one}/timeline").json["data"]]


def test_a_file_goes_with_a_reply(contact: Caller, agent: Caller, one: str) -> None:
    sent = send(contact)
    assert (sent.status_code, sent.json["state"], sent.json["size"]) == (201, "pending", len(PDF))
    id = sent.json["id"]
    assert agent("GET", f"/attachments/{id}").status_code == 404, "pending files are their sender's alone"
    assert contact("POST", f"{one}/replies", json={"body": "See the plan.", "attachment_ids": [id]}).status_code == 201
    assert [row["id"] for row in agent("GET", f"{one}/attachments").json["data"]] == [id]
    got = agent("GET", f"/attachments/{id}")
    assert (got.status_code, got.data) == (200, PDF)
    assert got.headers["Content-Disposition"] == 'attachment; filename="plan.pdf"'
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in got.headers["Content-Security-Policy"]
    again = contact("POST", f"{one}/replies", json={"body": "Twice.", "attachment_ids": [id]})
    assert (again.status_code, again.json["errors"][0]["pointer"]) == (422, "/attachment_ids")


def test_a_file_goes_with_a_new_ticket(contact: Caller) -> None:
    id = send(contact).json["id"]
    made = contact("POST", "/tickets", json={"subject": "Plan", "body": "Here.", "attachment_ids": [id]})
    assert [row["state"] for row in contact("GET", f"/tickets/{made.json['ref']}/attachments").json["data"]] == ["bound"]


@pytest.mark.parametrize("body", [{}, {"body": ""}, {"body": " \n"}])
def test_a_file_goes_with_a_new_ticket_that_says_no_more(contact: Caller, agent: Caller, body: Any) -> None:
    id = send(contact).json["id"]
    made = contact("POST", "/tickets", json={"subject": "See the plan", "attachment_ids": [id], **body})
    assert (made.status_code, made.json["message_count"]) == (201, 1)
    one = f"/tickets/{made.json['ref']}"
    [message] = agent("GET", f"{one}/replies").json["data"]
    [file] = contact("GET", f"{one}/attachments").json["data"]
    assert (file["id"], file["state"], file["message_id"]) == (id, "bound", message["id"])
    assert message["body"] == "See the plan", "what was said is the subject"


@pytest.mark.parametrize("body", [{}, {"body": "See."}])
def test_a_file_that_is_not_ones_own_opens_no_ticket(
    contact: Caller, agent: Caller, acme: Any, portal_app: Any, birch: Any, body: Any
) -> None:
    colleague, stranger = Caller(portal_app, acme.host, acme.actor("manager")), Caller(portal_app, birch.host, birch.actor())
    for wrong in (send(colleague).json["id"], send(stranger).json["id"], str(uuid4())):
        answer = contact("POST", "/tickets", json={"subject": "Plan", "attachment_ids": [wrong], **body})
        assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/attachment_ids")
    assert contact("GET", "/tickets").json["data"] == []


def test_a_subject_is_one_line(contact: Caller, agent: Caller) -> None:
    made = contact("POST", "/tickets", json={"subject": " ok\n\r\nBcc: x@y \t z "})
    assert (made.status_code, made.json["subject"]) == (201, "ok Bcc: x@y z")
    one = f"/tickets/{made.json['ref']}"
    changed = agent("PATCH", one, {"If-Match": "*"}, json={"subject": "two\u2028lines\n"})
    assert (changed.status_code, changed.json["subject"]) == (200, "two lines")
    assert contact("POST", "/tickets", json={"subject": "\r\n"}).status_code == 422


def test_files_of_notes_are_no_clients(contact: Caller, agent: Caller, one: str, acme: Any) -> None:
    id = send(agent, query=f"?tenant_id={acme.id}").json["id"]
    assert agent("POST", f"{one}/notes", json={"body": "Ours.", "attachment_ids": [id]}).status_code == 201
    assert [row["is_internal"] for row in agent("GET", f"{one}/attachments").json["data"]] == [True]
    assert contact("GET", f"{one}/attachments").json["data"] == []
    hidden, random = (contact("GET", f"/attachments/{each}") for each in (id, uuid4()))
    assert (hidden.status_code, random.status_code) == (404, 404)


def test_foreign_clients_have_no_files(portal_app: Any, console_app: Any, acme: Any, birch: Any, contact: Caller, one: str) -> None:
    id = send(contact).json["id"]
    contact("POST", f"{one}/replies", json={"body": "See.", "attachment_ids": [id]})
    stranger = Caller(portal_app, birch.host, birch.actor("admin"))
    limited = Caller(console_app, "console.localhost", world.agent(console_app, "agent", clients=[birch.id])[1])
    for caller in (stranger, limited):
        for path in (f"/attachments/{id}", f"{one}/attachments", f"{one}/followers"):
            assert caller("GET", path).status_code == 404
    assert send(limited, query=f"?tenant_id={acme.id}").status_code == 404
    assert send(stranger, query=f"?tenant_id={acme.id}").status_code == 404


def test_what_is_no_file_is_refused(contact: Caller, agent: Caller, limits: Any) -> None:
    assert send(contact, b"").json["code"] == "file_not_taken"
    assert contact("POST", "/attachments", data={"other": "x"}, content_type="multipart/form-data").status_code == 422
    assert contact("POST", "/attachments", json={"file": "x"}).status_code == 415
    assert send(agent).json["errors"][0]["pointer"] == "/tenant_id"
    limits(max_file_bytes=100)
    assert (send(contact).status_code, send(contact).json["code"]) == (413, "file_too_large")
    assert re.fullmatch(r"At most \d+ bytes in one file\.", send(contact).json["detail"]), "the limit is named"
    limits(max_client_file_bytes=len(PDF) - 1)
    full = send(contact)
    assert (full.status_code, full.json["code"]) == (422, "file_not_taken")


def test_too_many_files_are_refused(contact: Caller, one: str, limits: Any) -> None:
    limits(max_files_per_message=1)
    ids = [send(contact).json["id"] for _ in range(2)]
    answer = contact("POST", f"{one}/replies", json={"body": "See.", "attachment_ids": ids})
    assert (answer.status_code, answer.json["errors"][0]["code"]) == (422, "too_many")


def test_tags_are_agents_words(contact: Caller, agent: Caller, one: str) -> None:
    assert agent("PUT", f"{one}/tags", json={"tags": ["Mail", "vpn"]}).json == {"tags": ["mail", "vpn"]}
    assert agent("PUT", f"{one}/tags", json={"tags": ["vpn"]}).json == agent("GET", f"{one}/tags").json == {"tags": ["vpn"]}
    assert "tagged" in kinds(agent, one)
    assert "tagged" not in kinds(contact, one)
    assert agent("PUT", f"{one}/tags", json={"tags": ["a b"]}).status_code == 422
    assert contact("GET", f"{one}/tags").status_code == contact("PUT", f"{one}/tags", json={"tags": []}).status_code == 403


def test_followers_come_and_go(portal_app: Any, contact: Caller, agent: Caller, one: str, acme: Any, birch: Any) -> None:
    colleague = Caller(portal_app, acme.host, acme.actor("admin"))
    made = contact("POST", f"{one}/followers", json={"contact_id": str(acme.people["admin"].id)})
    assert made.status_code == 201
    assert colleague("GET", f"{one}/followers").json["data"] == [made.json]
    assert "follower_added" in kinds(agent, one)
    foreign = contact("POST", f"{one}/followers", json={"contact_id": str(birch.people["admin"].id)})
    assert (foreign.status_code, foreign.json["errors"][0]["pointer"]) == (422, "/contact_id")
    nobody = agent("POST", f"{one}/followers", json={"agent_id": str(uuid4())})
    assert (nobody.status_code, nobody.json["errors"][0]["pointer"]) == (422, "/agent_id")
    assert contact("POST", f"{one}/followers", json={}).status_code == 422
    assert agent("DELETE", f"{one}/followers/{made.json['id']}").status_code == 204
    assert contact("GET", f"{one}/followers").json["data"] == []


def test_acknowledging_answers_the_clock(contact: Caller, agent: Caller, one: str) -> None:
    assert contact("POST", f"{one}/acknowledgement").status_code == 403
    taken = agent("POST", f"{one}/acknowledgement")
    assert (taken.status_code, taken.json["status"]) == (200, "open")
    assert taken.json["answered_at"]
    assert "acknowledged" in kinds(agent, one)
    response = next(c for c in agent("GET", f"{one}/clocks").json["data"] if c["kind"] == "response")
    assert response["stopped_at"]
    assert agent("POST", f"{one}/acknowledgement").json["version"] == taken.json["version"]


def test_files_named_go_along_with_their_messages(agent: Caller, contact: Caller, one: str, birch: Any) -> None:
    taken, left = (send(contact).json["id"] for _ in range(2))
    said = contact("POST", f"{one}/replies", json={"body": "See.", "attachment_ids": [taken, left]}).json["id"]
    hidden = send(agent, query=f"?tenant_id={agent('GET', one).json['tenant_id']}").json["id"]
    agent("POST", f"{one}/notes", json={"body": "Ours.", "attachment_ids": [hidden]})
    wanted = {"tenant_id": str(birch.id), "requester_id": str(birch.people["requester"].id), "message_ids": [said]}
    for wrong in (hidden, str(uuid4())):
        refused = agent("POST", f"{one}/refiling", {"If-Match": "*"}, json={**wanted, "attachment_ids": [wrong]})
        assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/attachment_ids")
    made = agent("POST", f"{one}/refiling", {"If-Match": "*"}, json={**wanted, "attachment_ids": [taken]})
    assert made.status_code == 201
    [copy] = agent("GET", f"/tickets/{made.json['ref']}/attachments").json["data"]
    assert (copy["name"], copy["id"] in (taken, left)) == ("plan.pdf", False)
    assert agent("GET", f"/attachments/{copy['id']}").data == PDF


def test_a_ticket_goes_on_in_the_right_client(agent: Caller, contact: Caller, one: str, birch: Any) -> None:
    wanted = {"tenant_id": str(birch.id), "requester_id": str(birch.people["requester"].id)}
    assert agent("POST", f"{one}/refiling", json=wanted).status_code == 428
    tag = {"If-Match": agent("GET", one).headers["ETag"]}
    assert contact("POST", f"{one}/refiling", tag, json=wanted).status_code == 403
    unknown = agent("POST", f"{one}/refiling", tag, json={**wanted, "message_ids": [str(uuid4())]})
    assert unknown.status_code == 422
    made = agent("POST", f"{one}/refiling", tag, json=wanted)
    assert (made.status_code, made.json["tenant_id"]) == (201, str(birch.id))
    assert contact("GET", one).json["status"] == "misfiled"
    assert contact("GET", f"/tickets/{made.json['ref']}").status_code == 404
    assert agent("POST", f"{one}/refiling", {"If-Match": "*"}, json=wanted).status_code == 409
