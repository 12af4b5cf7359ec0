"""What goes along with a reply: files, canned replies; and the client's own fields."""

import io
import re
from typing import Any

import pytest

from msp.core.ids import new_id
from msp.itsm.macros.services import add_macro
from msp.itsm.tickets import queries
from msp.itsm.tickets.custom import services as custom_fields
from tests.support import world


def plain(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True)).split())


def sent_ahead(desk: Any, company: Any, name: str = "fire.txt") -> str:
    answer = desk.post(f"/files?client={company.id}", file=(io.BytesIO(b"It burns."), name))
    assert answer.status_code == 201, answer.get_data(as_text=True)
    return str(answer.get_json()["id"])


def files_of(desk: Any, ticket: Any) -> list[tuple[str, bool]]:
    with world.acting(desk.app, desk.actor):
        return [(file.name, file.is_internal) for file in queries.attachments(ticket, by=desk.actor)]


def test_files_go_along_with_replies_and_notes(desk: Any, acme: Any, ticket: Any) -> None:
    ahead = sent_ahead(desk, acme)
    path = f"/tickets/{ticket.ref}"
    assert desk.post(f"{path}/reply", body="See here.", attachment=ahead).status_code == 303
    along = (io.BytesIO(b"Secret."), "inside.txt")
    assert desk.post(f"{path}/note", body="And here.", files=along).status_code == 303
    assert sorted(files_of(desk, ticket)) == [("fire.txt", False), ("inside.txt", True)]
    html = desk.get(path).get_data(as_text=True)
    [href] = re.findall(r'class="att" href="(/files/[^"]+)"[^>]*>.{0,200}fire\.txt', html)
    assert desk.get(href).data == b"It burns."


def test_a_refused_reply_keeps_its_files(desk: Any, ticket: Any) -> None:
    path = f"/tickets/{ticket.ref}/reply"
    refused = desk.post(path, body=" ", files=(io.BytesIO(b"It burns."), "fire.txt"))
    assert refused.status_code == 422
    [kept] = re.findall(r'name="attachment" value="([^"]+)" checked', refused.get_data(as_text=True))
    assert desk.post(path, body="Now.", attachment=kept).status_code == 303
    assert files_of(desk, ticket) == [("fire.txt", False)]


def test_a_file_that_is_not_taken_stops_the_reply(desk: Any, ticket: Any) -> None:
    refused = desk.post(f"/tickets/{ticket.ref}/reply", body="See here.", files=(io.BytesIO(b""), "empty.txt"))
    assert refused.status_code == 422
    assert "empty.txt: This file is empty." in plain(refused)
    assert "See here.</textarea>" in refused.get_data(as_text=True)
    assert len(desk.messages(ticket)) == 1


def test_somebody_elses_file_does_not_go_along(desk: Any, sit: Any, acme: Any, birch: Any, ticket: Any) -> None:
    colleague, stranger = sit(acme), sit(birch)
    foreign = (sent_ahead(colleague, acme), sent_ahead(stranger, birch), str(new_id()))
    answers = [desk.post(f"/tickets/{ticket.ref}/reply", body="See here.", attachment=id) for id in foreign]
    assert [answer.status_code for answer in answers] == [422, 422, 422]
    assert {"A file is missing" in plain(answer) for answer in answers} == {True}
    assert files_of(desk, ticket) == []


def test_a_canned_reply_is_filled_in_for_the_ticket(
    console_app: Any, desk: Any, birch: Any, ticket: Any, opened: Any
) -> None:
    name = world.unique("Ask back ")
    with world.as_staff(console_app) as by:
        macro = add_macro(
            name, "Hello {requester.first_name}, about {ticket.ref}:", by=by, folder="Questions",
            then_status="waiting_for_client",
        )  # fmt: skip
    assert name in plain(desk.get(f"/tickets/{ticket.ref}"))
    told = desk.get(f"/tickets/{ticket.ref}/macros/{macro.id}").get_json()
    assert told == {"text": f"Hello Requester, about {ticket.ref}:", "then": "waiting_for_client"}
    assert desk.get(f"/tickets/{ticket.ref}/macros/{new_id()}").status_code == 404
    assert desk.get(f"/tickets/{opened(birch).ref}/macros/{macro.id}").status_code == 404


@pytest.fixture
def asset_field(console_app: Any, acme: Any) -> Any:
    """Acme wants an asset number on each incident."""
    with world.as_staff(console_app) as by:
        return custom_fields.add_field(acme.id, "incident", "Asset number", "number", is_required=True, by=by).name


def test_a_clients_own_fields_are_asked_and_kept(desk: Any, acme: Any, asset_field: Any) -> None:
    part = desk.post("/tickets/new/at-client", hx=True, client=str(acme.id)).get_data(as_text=True)
    assert f'name="{asset_field}"' in part
    typed = {
        "client": str(acme.id), "requester": acme.people["requester"].e_mail, "kind": "incident", "source": "phone",
        "subject": "Printer", "impact": "2", "urgency": "2",
    }  # fmt: skip
    missing = desk.post("/tickets/new", **typed)
    assert missing.status_code == 422
    assert "Asset number: fill this in." in plain(missing)
    wrong = desk.post("/tickets/new", **typed, **{asset_field: "seven"})
    assert 'value="seven"' in wrong.get_data(as_text=True)
    ref = desk.post("/tickets/new", **typed, **{asset_field: "7"}).headers["Location"].rpartition("/")[2]
    assert "Asset number 7" in plain(desk.get(f"/tickets/{ref}"))


def test_a_clients_own_fields_are_changed(desk: Any, ticket: Any, asset_field: Any) -> None:
    path = f"/tickets/{ticket.ref}/classify"
    refused = desk.post(path, dialog="custom", version="1", **{asset_field: "seven"})
    assert refused.status_code == 422
    html = refused.get_data(as_text=True)
    assert 'id="custom" aria-labelledby="custom-title" data-open' in html
    assert 'value="seven"' in html
    assert desk.post(path, dialog="custom", version="1", **{asset_field: "7"}).status_code == 303
    assert desk.ticket(ticket).custom == {asset_field.removeprefix("custom-"): 7}
    assert desk.post(path, dialog="custom", version="1", **{asset_field: "8"}).status_code == 412
