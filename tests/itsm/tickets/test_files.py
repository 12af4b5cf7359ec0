"""Files over HTTP: sent ahead, seen by their sender alone, bound with a message, given out with its rights."""

import io
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from PIL import Image

from msp.core import clock
from msp.core.db import db
from msp.core.files import here
from msp.core.files.scan import NullScanner, Verdict
from msp.itsm.tickets.models import Attachment
from msp.itsm.tickets.services import conversation, files, opening
from tests.support import world

PDF = b"%PDF-1.7\n" + b"x" * 400


def png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(out, "PNG")
    return out.getvalue()


def send(browser: Any, content: bytes = PDF, name: str = "plan.pdf", path: str = "/files", mime: str = "") -> Any:
    """One file as the page's script sends it."""
    part = f'Content-Disposition: form-data; name="file"; filename="{name}"'
    head = f"{part}\r\nContent-Type: {mime or 'application/pdf'}"
    body = f"--cut\r\n{head}\r\n\r\n".encode() + content + b"\r\n--cut--\r\n"
    headers = {"X-CSRFToken": world.csrf(browser), "Accept": "application/json"}
    return browser.post(path, data=body, content_type="multipart/form-data; boundary=cut", headers=headers)


def row_of(app: Any, id: str) -> Attachment:
    with world.as_staff(app):
        return db.session.query(Attachment).filter_by(id=UUID(id)).one()


@pytest.fixture
def ticket(console_app: Any, acme: Any) -> Any:
    requester = acme.actor()
    with world.acting(console_app, requester):
        return opening.open_ticket(acme.id, "Scanner is slow", body="Since today.", by=requester)


@pytest.fixture
def scanner(portal_app: Any, console_app: Any) -> Iterator[Any]:
    """Plug a scanner with one answer into both applications."""

    class Fixed(NullScanner):
        verdict = Verdict("clean")

        def scan(self, chunks: Any, **_: Any) -> Verdict:
            assert b"".join(chunks)
            return self.verdict

    made = Fixed()
    for app in (portal_app, console_app):
        with app.app_context():
            here.set_scanner(made)
    yield made
    for app in (portal_app, console_app):
        with app.app_context():
            here.set_scanner(NullScanner())


def attach(app: Any, ticket: Any, id: str, by: Any, *, note: bool = False) -> None:
    with world.acting(app, by):
        if note:
            conversation.add_note(ticket.id, "See the file.", by=by, attachment_ids=[UUID(id)])
        else:
            conversation.reply(ticket.id, "See the file.", by=by, attachment_ids=[UUID(id)])


def test_a_file_is_its_senders_alone_until_it_is_sent(console_app: Any, acme: Any, portal_of: Any, ticket: Any) -> None:
    sender = portal_of(acme)
    answer = send(sender)
    assert answer.status_code == 201, answer.text
    id = answer.json["id"]
    assert sender.get(f"/files/{id}").data == PDF
    assert portal_of(acme, "manager").get(f"/files/{id}").status_code == 404
    attach(console_app, ticket, id, acme.actor())
    assert portal_of(acme, "manager").get(f"/files/{id}").data == PDF


def test_it_is_given_out_as_an_attachment_that_no_browser_opens(acme: Any, portal_of: Any) -> None:
    sender = portal_of(acme)
    id = send(sender, b"<script>alert(1)</script>", "page.html", mime="text/html").json["id"]
    got = sender.get(f"/files/{id}")
    assert got.headers["Content-Disposition"] == 'attachment; filename="page.html"'
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in got.headers["Content-Security-Policy"]
    assert got.mimetype == "text/plain", "markup is text, whatever was declared"


def test_only_a_picture_that_was_drawn_anew_is_shown(acme: Any, portal_of: Any) -> None:
    sender = portal_of(acme)
    id = send(sender, png(), "shot.png").json["id"]
    shown = sender.get(f"/files/{id}/picture")
    assert (shown.status_code, shown.mimetype) == (200, "image/png")
    assert shown.headers["Content-Disposition"].startswith("inline")
    assert "sandbox" in shown.headers["Content-Security-Policy"]
    broken = send(sender, png()[:60], "shot.png").json["id"]
    assert sender.get(f"/files/{broken}/picture").status_code == 404
    assert sender.get(f"/files/{broken}").status_code == 200


def test_a_file_of_a_note_is_no_clients(
    console_app: Any, acme: Any, portal_of: Any, console_of: Any, ticket: Any
) -> None:
    _, agent = world.agent(console_app)
    desk = console_of(agent)
    id = send(desk, path=f"/files?client={acme.id}").json["id"]
    assert row_of(console_app, id).is_internal, "what an agent sends is hidden before it is bound"
    attach(console_app, ticket, id, agent, note=True)
    for person in ("requester", "manager", "admin"):
        assert portal_of(acme, person).get(f"/files/{id}").status_code == 404
    assert desk.get(f"/files/{id}").data == PDF
    public = send(desk, path=f"/files?client={acme.id}").json["id"]
    attach(console_app, ticket, public, agent)
    assert portal_of(acme).get(f"/files/{public}").data == PDF


def test_a_foreign_file_looks_like_none(
    console_app: Any, acme: Any, birch: Any, portal_of: Any, console_of: Any, ticket: Any
) -> None:
    id = send(portal_of(acme)).json["id"]
    attach(console_app, ticket, id, acme.actor())
    _, limited = world.agent(console_app, clients=[birch.id])
    for browser in (portal_of(birch, "admin"), console_of(limited)):
        for path in ("/files/{}", "/files/{}/picture"):
            real, random = browser.get(path.format(id)), browser.get(path.format(uuid4()))
            assert (real.status_code, random.status_code) == (404, 404)
    refused = send(console_of(limited), path=f"/files?client={acme.id}")
    assert refused.status_code == 404
    stranger = portal_of(acme, None)
    assert stranger.get(f"/files/{id}").status_code == 302


def test_nobody_binds_anothers_file(console_app: Any, acme: Any, portal_of: Any, ticket: Any) -> None:
    id = send(portal_of(acme, "manager")).json["id"]
    with pytest.raises(Exception, match="missing"):
        attach(console_app, ticket, id, acme.actor())


@pytest.mark.parametrize(
    ("content", "name", "status", "words"),
    [
        (b"", "empty.txt", 422, "empty"),
        (b"MZ\x90\x00" + b"\0" * 100, "holiday.jpg", 415, "program"),
        (b"echo", "run.bat", 415, ".bat"),
        (b"x" * 3000, "big.txt", 413, "At most 2 KB"),
    ],
)
def test_what_is_not_taken_is_told(
    acme: Any, portal_of: Any, limits: Any, content: bytes, name: str, status: int, words: str
) -> None:
    limits(max_file_bytes=2000)
    refused = send(portal_of(acme), content, name)
    assert refused.status_code == status
    assert refused.mimetype == "application/problem+json"
    assert words in refused.json["detail"]


def test_the_files_of_a_client_have_a_limit(acme: Any, portal_of: Any, limits: Any) -> None:
    browser = portal_of(acme)
    limits(max_client_file_bytes=600)
    assert send(browser).status_code == 201
    refused = send(browser)
    assert refused.status_code == 422
    assert "no room" in refused.json["detail"]


def test_a_large_body_is_read_only_from_somebody_signed_in(acme: Any, portal_of: Any, limits: Any) -> None:
    large = b"%PDF-1.7\n" + b"x" * 3_000_000
    assert send(portal_of(acme), large).status_code == 201
    stranger = portal_of(acme, None)
    assert send(stranger, large).status_code == 413
    limits(max_file_bytes=100)
    refused = send(portal_of(acme), large)
    assert (refused.status_code, refused.mimetype) == (413, "application/problem+json")
    assert refused.json["title"] == "This is too large"


def test_what_the_scanner_holds_is_shown_to_nobody_until_it_is_clean(
    console_app: Any, acme: Any, portal_of: Any, ticket: Any, scanner: Any
) -> None:
    browser = portal_of(acme)
    scanner.verdict = Verdict("held", "engine is busy")
    id = send(browser).json["id"]
    assert browser.get(f"/files/{id}").status_code == 409
    attach(console_app, ticket, id, acme.actor())
    held = browser.get(f"/files/{id}")
    assert held.status_code == 409
    assert "engine is busy" not in held.text
    scanner.verdict = Verdict("clean")
    with world.as_staff(console_app):
        files.sweep()
    assert browser.get(f"/files/{id}").data == PDF


def test_what_the_scanner_refuses_is_not_kept(console_app: Any, acme: Any, portal_of: Any, scanner: Any) -> None:
    scanner.verdict = Verdict("refused", "EICAR")
    refused = send(portal_of(acme))
    assert refused.status_code == 422
    assert "EICAR" not in refused.text
    with world.as_staff(console_app):
        [row] = db.session.query(Attachment).filter_by(tenant_id=acme.id).all()
        assert (row.state, row.sha256) == ("pending", "")
        with pytest.raises(Exception, match="not there"):
            here.storage().get(row.storage_key)


def test_what_finds_no_message_within_a_day_is_swept(console_app: Any, acme: Any, portal_of: Any, ticket: Any) -> None:
    browser = portal_of(acme)
    lost, kept = send(browser, png(), "a.png").json["id"], send(browser).json["id"]
    attach(console_app, ticket, kept, acme.actor())
    with clock.at(clock.now() + timedelta(hours=23)), world.as_staff(console_app):
        files.sweep()
    assert browser.get(f"/files/{lost}").status_code == 200
    with clock.at(clock.now() + timedelta(hours=25)), world.as_staff(console_app):
        assert files.sweep() >= 1
    assert row_of(console_app, lost).state == "swept"
    assert browser.get(f"/files/{lost}").status_code == 404
    assert browser.get(f"/files/{kept}").status_code == 200
