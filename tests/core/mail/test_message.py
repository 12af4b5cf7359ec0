"""Mail on the wire: what is written is what a receiver reads, and no text becomes a header."""

from collections.abc import Callable
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import Message as RawMessage
from email.utils import getaddresses
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msp.core.mail.message import (
    AUTO_GENERATED,
    MAX_NAME,
    MAX_REFERENCES,
    MAX_SUBJECT,
    Address,
    Message,
    MessageInvalid,
    as_email,
    message_id,
)

AT = datetime(2027, 3, 31, 9, 46, tzinfo=UTC)
ID = message_id(UUID("01920000-0000-7000-8000-000000000c41"), "mail.meridian.example")


def message(**changes: Any) -> Message:
    values: dict[str, Any] = {
        "sender": Address("it@northwind.example", "Priya Nair, IT support"),
        "to": (Address("amelia@northwind.example", "Amelia Hart"),),
        "subject": "Re: X-ray viewer freezes [NWD-1042]",
        "text": "lunch works",
        "message_id": ID,
        "at": AT,
    }
    return Message(**(values | changes))


def wire(**changes: Any) -> bytes:
    return as_email(message(**changes)).as_bytes()


def read(raw: bytes) -> RawMessage:
    return message_from_bytes(raw)


def decoded(header: str) -> str:
    """As a reader sees it: unfolded, decoded, without the space after the colon."""
    return str(make_header(decode_header(header.replace("\r\n", "").strip())))


def test_a_plain_mail() -> None:
    mail = read(wire(headers=AUTO_GENERATED))
    assert mail["From"] == '"Priya Nair, IT support" <it@northwind.example>'
    assert mail["To"] == '"Amelia Hart" <amelia@northwind.example>'
    assert mail["Subject"] == "Re: X-ray viewer freezes [NWD-1042]"
    assert mail["Date"] == "Wed, 31 Mar 2027 09:46:00 +0000"
    assert mail["Message-ID"] == "<01920000-0000-7000-8000-000000000c41@mail.meridian.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content_type() == "text/plain"
    assert str(mail.get_payload()).strip() == "lunch works"
    for absent in ("Cc", "Reply-To", "In-Reply-To", "References", "Bcc"):
        assert absent not in mail


def test_text_and_html_are_alternatives_in_seven_bits() -> None:
    text, html = "Grüße – 東京\n" + "x" * 3000, "<p>Grüße – 東京</p>"
    raw = wire(text=text, html=html)
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) < 998
    assert b"\n" not in raw.replace(b"\r\n", b"")
    mail = message_from_bytes(raw, policy=policy.default)
    assert mail.get_content_type() == "multipart/alternative"
    plain, rich = mail.iter_parts()
    assert (plain.get_content_type(), rich.get_content_type()) == ("text/plain", "text/html")
    assert plain.get_content().replace("\r\n", "\n").strip() == text
    assert rich.get_content().strip() == html


WORDS = [
    "Über", "straße", "Dr.", "viewer,", "東京", "🦊", "a" * 40, "ü" * 50, "x" * 90, "[NWD-1042]", '"Re:"', "<a@b>", ";"
]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=8).map(" ".join))
def test_any_name_and_subject_arrive_as_written(text: str) -> None:
    person = Address("it@northwind.example", text)
    raw = wire(sender=person, to=(person, person), subject=text)
    assert max(map(len, raw.split(b"\r\n"))) <= MAX_NAME + 60
    mail = read(raw)
    assert [(decoded(name), email) for name, email in getaddresses([mail["To"]])] == [(person.name, person.email)] * 2
    assert decoded(mail["Subject"]) == text[:MAX_SUBJECT].strip()
    # The modern parser must see the same two recipients and no third.
    modern = message_from_bytes(raw, policy=policy.default)
    assert [address.addr_spec for address in modern["To"].addresses] == ["it@northwind.example"] * 2


LINE_BREAKS = [f"{line_break}Bcc: evil@example.org" for line_break in ("\r\n", "\n", "\r", "\u2028", "\x85")]
ENCODED_BREAK = "=?utf-8?q?a=0D=0ABcc=3A_evil=40example=2Eorg?="


@pytest.mark.parametrize("evil", [*LINE_BREAKS, ENCODED_BREAK, "\x00", "\x1b[2J"])
@pytest.mark.parametrize(
    "build",
    [
        lambda evil: wire(subject="Hello" + evil),
        lambda evil: wire(sender=Address("it@northwind.example", "Priya" + evil)),
        lambda evil: wire(to=(Address("amelia@northwind.example", evil),)),
        lambda evil: wire(headers={"X-Tenant": "Northwind" + evil}),
    ],
)
def test_no_text_becomes_a_header(build: Callable[[str], bytes], evil: str) -> None:
    raw = build(evil)
    for parser in (policy.default, policy.compat32):
        mail = message_from_bytes(raw, policy=parser)
        assert "Bcc" not in mail
        assert set(mail.keys()) <= {
            "From", "To", "Subject", "Date", "Message-ID", "X-Tenant", "MIME-Version", "Content-Type",
            "Content-Transfer-Encoding",
        }
    assert b"\x00" not in raw
    assert b"\x1b" not in raw
    assert str(mail.get_payload()).strip() == "lunch works"


@pytest.mark.parametrize(
    "email",
    ["", "amelia", "@x.example", "a@", "a b@x.example", "a@x.example\r\nBcc: e@e.example", "a@b@x.example",
     "a,b@x.example", "<a@x.example>", "jürgen@x.example", "a@x..example", "x" * 250 + "@x.example", ".a@x.example",
     "a@\ud800"],
)
def test_what_is_no_address_is_refused(email: str) -> None:
    with pytest.raises(MessageInvalid):
        Address(email)


def test_a_domain_in_any_script() -> None:
    assert Address("it@münchen.example").email == "it@xn--mnchen-3ya.example"
    assert message_id(UUID(int=0), "münchen.example").endswith("@xn--mnchen-3ya.example>")


@pytest.mark.parametrize("name", ["Subject", "from", "bcc", "Content-Type", "X Y", "X:Y", "", "X\r\nBcc", "Ä"])
def test_headers_that_are_not_the_callers(name: str) -> None:
    with pytest.raises(MessageInvalid):
        wire(headers={name: "x"})


def test_threads() -> None:
    long_id = "<" + "a" * 200 + "@eurprd04.prod.outlook.example>"
    mail = read(wire(in_reply_to=long_id, references=("<first@x.example>", "damaged", "<a b@x>", "<first@x.example>")))
    assert mail["In-Reply-To"] == long_id
    assert mail["References"].split() == ["<first@x.example>", long_id]


def test_a_long_thread_keeps_its_first_and_its_latest() -> None:
    ids = tuple(f"<{n}@x.example>" for n in range(50))
    kept = read(wire(in_reply_to="<last@x.example>", references=ids))["References"].split()
    assert len(kept) == MAX_REFERENCES
    assert kept[0] == "<0@x.example>"
    assert kept[-2:] == ["<49@x.example>", "<last@x.example>"]


def test_a_damaged_id_of_somebody_else_does_not_stop_the_answer() -> None:
    mail = read(wire(in_reply_to="no id\r\nBcc: x@y"))
    assert "In-Reply-To" not in mail
    assert "References" not in mail


def test_our_own_id_must_be_one() -> None:
    for bad in ("", "x", "<x>", "<a b@x>", "<a@x>\r\nX: y"):
        with pytest.raises(MessageInvalid):
            wire(message_id=bad)


def test_copies_replies_and_bounces() -> None:
    written = message(
        cc=(Address("samir@northwind.example", "Dr Samir Rao"), Address("amelia@northwind.example")),
        reply_to=Address("it+t7f3k9@northwind.example"),
        bounces_to=Address("bounces@meridian.example"),
    )
    mail = read(as_email(written).as_bytes())
    assert decoded(mail["Cc"]) == '"Dr Samir Rao" <samir@northwind.example>, amelia@northwind.example'
    assert mail["Reply-To"] == "it+t7f3k9@northwind.example"
    assert "bounces" not in str(mail)
    assert written.recipients == ["amelia@northwind.example", "samir@northwind.example"]
    assert written.envelope_sender == "bounces@meridian.example"
    assert message().envelope_sender == "it@northwind.example"


def test_nobody_to_send_to() -> None:
    with pytest.raises(MessageInvalid):
        wire(to=())


def test_odd_characters_in_the_body_do_not_stop_a_mail() -> None:
    mail = message_from_bytes(wire(text="a\x00b\ud800c\x1b[31m\tend\r\nline"), policy=policy.default)
    assert mail.get_content().splitlines() == ["abc[31m\tend", "line"]
