"""Suggestions while a query is being typed; `|` marks the cursor."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msp.core.query.complete import complete
from msp.core.query.fields import Field, Registry
from msp.core.query.kinds import Reference, Suggestion
from tests.core.query.ticketlist import REGISTRY, Ticket


def offered(marked: str, registry: Registry = REGISTRY) -> tuple[str, list[str]]:
    """What would be replaced, and by what."""
    text = marked.replace("|", "")
    found = complete(text, marked.index("|"), registry)
    return text[found.start : found.end], [suggestion.text for suggestion in found.suggestions]


@pytest.mark.parametrize(
    ("marked", "replaced", "texts"),
    [
        ("st|", "st", ["status:", "state:"]),
        ("printer -st|", "st", ["status:", "state:"]),
        ("(CL|", "CL", ["client:"]),
        ("so|", "so", ["sort:"]),
        ("status:|", "", ["open", "waiting", "closed"]),
        ("status:o|pen client:acme", "open", ["open"]),
        ("status:open,w|", "w", ["waiting"]),
        ("-state:w|", "w", ["waiting"]),
        ("client:|", "", ["acme", "harbor"]),
        ("assignee:|", "", ["me", "none"]),
        ("created:>-1|", "-1", ["-1h", "-1d", "-1w"]),
        ("created:yesterday..to|", "to", ["today", "tomorrow"]),
        ("sort:d|", "d", ["due"]),
        ("sort:due,-c|", "-c", ["-created"]),
        ("nope:x|", "x", []),
        ('"free st|', '"free st', []),
        ("zzz|", "zzz", []),
    ],
)
def test_offers(marked: str, replaced: str, texts: list[str]) -> None:
    assert offered(marked) == (replaced, texts)


def test_an_empty_box_offers_every_field() -> None:
    assert offered("|")[1] == [f"{field.name}:" for field in REGISTRY.fields] + ["sort:"]


def test_values_with_blanks_are_quoted() -> None:
    kind = Reference(Ticket.client_id, lambda names: {}, offer=lambda prefix: [Suggestion("North Wind", "NW")])
    registry = Registry([Field("client", kind, "Client")], default_sort=())
    assert offered("client:No|", registry) == ("No", ['"North Wind"'])
    assert offered('client:"North W|', registry) == ('"North W', ['"North Wind"'])


def test_labels_explain() -> None:
    found = complete("status:w", 8, REGISTRY)
    assert found.suggestions == [Suggestion("waiting", "for a client or a supplier")]


@given(st.text("ab:\"\\'()-,.><= sort", max_size=30), st.integers(-5, 40))
def test_any_text_and_cursor(text: str, cursor: int) -> None:
    found = complete(text, cursor, REGISTRY)
    assert 0 <= found.start <= found.end <= len(text)
