"""Masking: what tells whose a text was is gone from it, and what was put in its place is known."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msp.itsm.knowledge.masking import _PARTICLES, WORDS, Known, masked

KNOWN = Known(
    clients=["Northwind Dairy Ltd"], keys=["NWD"], other_keys=["ACME"], people=["Anna-Maria O’Neil", "José Núñez"],
    others=["Will Page", "Bo Li", "Vincent van der Berg"], phones=["+44 (0)20 7946 0018"], hosts=["nwd.example"], items=["Label printer 4"],
)  # fmt: skip
PLAIN = "the printer on page four will not start until it is switched on, see kb-12, utf-8, 10.0.19045.3930, on 2027-03-01 at 10:00"
# Letters that neither case nor accents take apart, so that the test can look for them as they are.
LETTERS = st.text(st.sampled_from("bcdfghjklmnpqrstvwxz"), min_size=3, max_size=9).filter(lambda word: word not in _PARTICLES)
CASES = st.sampled_from([str.lower, str.upper, str.title])
BETWEEN = st.sampled_from([" ", "-", ", ", "\n", ".", "_", ""])


@pytest.mark.parametrize(
    ("text", "now"),
    [
        ("Hello Anna-Maria,", "Hello a colleague,"), ("ANNA MARIA ONEIL wrote", "a colleague wrote"), ("jose said", "a colleague said"),
        ("Nunez, José said", "a colleague said"), ("annamariaoneil", "a colleague"), ("Page asks Will", "a colleague asks a colleague"),
        ("will page", "a colleague"), ("the page will load", "the page will load"), ("van", "van"), ("Berg's desk", "a colleague's desk"),
        ("northwind dairy is closed", "the client is closed"), ("At Northwind", "At the client"), ("nwd", "the client"),
        ("NWD-LT-042 hangs", "a host hangs"), ("srv_nwd", "a host"), ("NWD-17 and acme-4", "a ticket and a ticket"),
        ("bo.li@nwd.example or x+y@else.example", "an e-mail address or an e-mail address"), ("ping fs1.nwd.example.", "ping a host."),
        ("https://nwd.example/a?b=c, then", "an address then"), ("https://vendor.example/kb/1", "https://vendor.example/kb/1"),
        ("10.2.0.17", "an address"), ("020 7946-0018", "a telephone number"), ("(0171) 123456", "a telephone number"),
        ("+49 171 1234567.", "a telephone number."), ("LABEL PRINTER 4 is", "a host is"), ("", ""),
    ],
)  # fmt: skip
def test_what_tells_whose_it_was_goes(text: str, now: str) -> None:
    assert masked(text, KNOWN).text == now


def test_other_text_stays_as_it_is() -> None:
    assert masked(PLAIN, KNOWN).text == PLAIN
    assert masked(PLAIN, KNOWN).masks == []


def test_each_mask_says_where_it_stands_and_what_was_there() -> None:
    found = masked("Bo Li of NWD called 020 7946 0018.", KNOWN)
    assert [(found.text[mask.start : mask.end], mask.was) for mask in found.masks] == [
        ("a colleague", "Bo Li"), ("the client", "NWD"), ("a telephone number", "020 7946 0018"),
    ]  # fmt: skip
    assert "".join(piece for piece, _ in found.pieces()) == found.text
    assert [mask.was for _, mask in found.pieces() if mask] == ["Bo Li", "NWD", "020 7946 0018"]


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_no_name_of_the_clients_people_or_the_client_remains(data: st.DataObject) -> None:
    names = data.draw(st.lists(st.tuples(LETTERS, LETTERS), min_size=2, max_size=5, unique=True))
    parts = {part for name in names for part in name}
    client, *people = names
    cut = data.draw(st.integers(0, len(people)))
    known = Known(
        clients=[" ".join(client).title()], keys=[client[1].upper()],
        people=[" ".join(each).title() for each in people[:cut]], others=[" ".join(each).title() for each in people[cut:]],
    )  # fmt: skip
    said = []
    for first, last in data.draw(st.lists(st.sampled_from(names), min_size=1, max_size=8)):
        case, between = data.draw(CASES), data.draw(BETWEEN)
        said += [data.draw(st.sampled_from(["", "printer", "please", "42"])), case(first) + between + case(last), first.title()]
    done = masked(" ".join(said), known)
    left = {word.lower() for word in re.findall(r"[^\W_]+", done.text)}
    joined = {"".join(name) for name in names}
    assert not left & (parts | joined), done.text
    assert left <= {"printer", "please", "42"} | {word for each in WORDS.values() for word in re.findall(r"\w+", each)}


@settings(deadline=None, max_examples=100)
@given(st.text(max_size=300))
def test_whatever_was_typed_the_masks_fit_the_text(text: str) -> None:
    done = masked(text, KNOWN)
    assert "".join(piece for piece, _ in done.pieces()) == done.text
    assert all(done.text[mask.start : mask.end] == WORDS[mask.kind] for mask in done.masks)
