"""Which ids of a client are worth trying where: the rule by which the walk stays short without leaving a door untried.

A field or parameter is tried with every kind of row that its name could mean: `category_id`, `site` and `contact` name
their table, the words below name another one. Besides, each is tried with the few kinds that other rows hang on, so that
a look-up which takes any id is found too. A name that means no kind of row at all is tried with these few alone: what
it names is the provider's, or an installation's, and the same for every client.
"""

import re
from collections.abc import Callable, Iterator
from uuid import UUID

from msp.prove.sides import Side

Chosen = Callable[[str], UUID | None]
MEANINGS = {
    "client": "tenant", "clients": "tenant", "requester": "contact", "approver": "contact", "person": "contact",
    "recipient": "contact", "parent": "category", "definition": "sla_definition", "calendar": "sla_definition",
    "policy": "sla_definition", "start": "sla_definition", "source": "sla_definition", "field": "custom_field",
    "file": "attachment", "ref": "ticket", "session": "session", "token": "api_token",
}  # fmt: skip
EVERYWHERE = ("tenant", "ticket", "contact", "attachment")
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def fitting(name: str, known: set[str], place: str = "") -> list[str]:
    """Kinds of row that the name means, the likeliest first: of the practice that the address `place` names, then by the whole name."""
    word = re.sub(r"_?ids?$", "", name)
    words = {word, word.removesuffix("s"), *word.split("_"), *(part.removesuffix("s") for part in word.split("_"))}
    meant = {MEANINGS[each] for each in words if each in MEANINGS}
    found = [kind for kind in sorted(known) if kind in words or kind in meant or kind.endswith(f"_{word}")]
    return sorted(found, key=lambda kind: (not _is_of(kind, place), kind not in words))


def _is_of(kind: str, place: str) -> bool:
    """Whether the first word of the kind stands in the address: `catalog_item` in `/catalogue/items/…`."""
    practice, more, _ = kind.partition("_")
    return bool(more) and f"/{practice}" in place


def kinds_of(name: str, known: set[str], place: str = "") -> list[str]:
    """Kinds of row that a field or parameter of this name could take, the likeliest first."""
    return list(dict.fromkeys([*fitting(name, known, place), *(kind for kind in EVERYWHERE if kind in known)]))


def own(side: Side, place: str, name: str) -> UUID | None:
    """A row of this side that the name means at an address; none where it means no client's row."""
    held = side.ids | side.private | side.shared
    return next((held[kind] for kind in fitting(name, set(held), place)), None)


def is_id(text: str) -> bool:
    return _ID.fullmatch(text.lower()) is not None


def ids(side: Side, name: str, place: str = "") -> Iterator[tuple[str, UUID]]:
    """This side's rows to be tried under a name, by kind."""
    held = side.ids | side.private
    for kind in kinds_of(name, set(held), place):
        yield kind, held[kind]


def values(side: Side, name: str, place: str) -> Iterator[str]:
    """The same as they stand in an address; a ticket by its reference too, and what links in mails carry."""
    if name in ("ref", "ticket"):
        yield from side.refs[:1]
    if name == "token":
        yield from side.links
    for _, id in ids(side, name, place):
        yield str(id)


def own_values(side: Side, name: str, place: str) -> Iterator[str]:
    """What this side's own people would put there, the likeliest first."""
    if name == "token":
        yield from side.own_links
        return
    yield from (str(side.shared[kind]) for kind in fitting(name, set(side.shared), place))
    yield from side.refs[1:] if name in ("ref", "ticket") else ()
    yield from values(side, name, place)
