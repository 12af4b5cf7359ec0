"""Neutral words in place of what tells whose a text was; pure.

Whole names, keys, addresses and numbers go in any spelling. A part of a name that is an ordinary word as well goes where it is
written with a capital; of those who took part in the matter it goes in lower case too.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

WORDS = {
    "client": "the client", "person": "a colleague", "e_mail": "an e-mail address", "phone": "a telephone number", "host": "a host",
    "address": "an address", "ticket": "a ticket",
}  # fmt: skip
# Between names, and no name of anybody.
_PARTICLES = frozenset({
    "al", "an", "and", "bin", "da", "de", "del", "den", "der", "di", "do", "dos", "du", "el", "for", "gmbh", "inc", "la", "le", "llc",
    "ltd", "of", "plc", "san", "st", "ter", "the", "to", "van", "von", "y", "zu",
})  # fmt: skip
_PUBLIC = frozenset({"gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "icloud.com", "yahoo.com", "live.com"})
_WORD = re.compile(r"[^\W_]+")
_E_MAIL = re.compile(r"[\w.+%'-]+@[\w-]+(?:\.[\w-]+)+")
_URL = re.compile(r"\w+://[^\s<>()\[\]\"']+")
_IP = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w]|\.\d)")
_PHONE = re.compile(r"(?<![\w.])(?:\+|\(?0)[\d ()/.\-]{5,}\d(?!\w)")
_ONE_NAME = re.compile(r"[ \-_.'’]{1,2}")
_LONGEST_GAP = 3  # characters between two words of one name: `Smith, Anna`


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a client: `people` took part in the matter, `others` are those who work there."""

    clients: Sequence[str] = ()
    keys: Sequence[str] = ()
    other_keys: Sequence[str] = ()
    people: Sequence[str] = ()
    others: Sequence[str] = ()
    phones: Sequence[str] = ()
    hosts: Sequence[str] = ()
    items: Sequence[str] = ()


Span = tuple[int, int, str]  # where in the text, and the kind of what stands there


class Mask(NamedTuple):
    """Where in the masked text a neutral word stands, and for what."""

    start: int
    end: int
    kind: str
    was: str


@dataclass(frozen=True, slots=True)
class Masked:
    """The text with neutral words, and each of them in the order of its place."""

    text: str
    masks: list[Mask] = field(default_factory=list)

    def pieces(self) -> Iterator[tuple[str, Mask | None]]:
        """The text piece by piece, each with its mask where it is one."""
        at = 0
        for mask in self.masks:
            yield self.text[at : mask.start], None
            yield self.text[mask.start : mask.end], mask
            at = mask.end
        yield self.text[at:], None


def masked(text: str, known: Known) -> Masked:
    """The text without what is known; an address or a telephone number goes whether it is known or not."""
    text = unicodedata.normalize("NFC", text)
    spans: list[Span] = []
    for start, end, kind in (*_addresses(text, known), *_numbers(text, known)):
        if not _overlaps(spans, start, end):
            spans.append((start, end, kind))
    spans += _names(text, known, spans)
    parts, masks, at, length = [], [], 0, 0
    for start, end, kind in sorted(spans):
        parts += [text[at:start], WORDS[kind]]
        length += start - at
        masks.append(Mask(length, length + len(WORDS[kind]), kind, text[start:end]))
        length, at = length + len(WORDS[kind]), end
    return Masked("".join([*parts, text[at:]]), masks)


def _overlaps(spans: Sequence[Span], start: int, end: int) -> bool:
    return any(start < other[1] and other[0] < end for other in spans)


def _addresses(text: str, known: Known) -> Iterator[Span]:
    """Mail, hosts of the client and what lies there, machines and tickets named by its key."""
    yield from _all(_E_MAIL, text, "e_mail")
    hosts = [re.escape(host.lower().rstrip(".")) for host in known.hosts if "." in host and host.lower() not in _PUBLIC]
    if hosts:
        one = re.compile(rf"(?<![\w-])(?:[\w-]+\.)*(?:{'|'.join(sorted(hosts, key=len, reverse=True))})(?![\w-])", re.IGNORECASE)
        yield from ((m.start(), m.end(), "address") for m in _URL.finditer(text) if one.search(m.group()))
        yield from _all(one, text, "host")
    keys = [re.escape(key) for key in (*known.keys, *known.other_keys) if key]
    if keys:
        yield from _all(re.compile(rf"(?<![^\W_])(?:{'|'.join(keys)})-\d+(?![^\W_])", re.IGNORECASE), text, "ticket")
    own = "|".join(re.escape(key) for key in known.keys if key)
    if own:
        joined = rf"(?<![\w-])(?:[^\W_]+[-_])*(?:{own})(?:[-_][^\W_]+)+(?![\w-])|(?<![\w-])(?:[^\W_]+[-_])+(?:{own})(?![\w-])"
        yield from _all(re.compile(joined, re.IGNORECASE), text, "host")
    for item in known.items:
        if item.strip():
            yield from _all(re.compile(rf"(?<![^\W_]){re.escape(item.strip())}(?![^\W_])", re.IGNORECASE), text, "host")


def _numbers(text: str, known: Known) -> Iterator[Span]:
    yield from _all(_IP, text, "address")
    for phone in known.phones:
        digits = re.sub(r"\D", "", phone)
        if len(digits) >= 3:
            spelt = r"[^\w\n]{0,3}".join(digits)
            yield from _all(re.compile(rf"\+?(?<!\d){spelt}(?!\d)"), text, "phone")
    for match in _PHONE.finditer(text):
        if 7 <= sum(each.isdigit() for each in match.group()) <= 15:
            yield match.start(), match.end(), "phone"


def _all(pattern: re.Pattern[str], text: str, kind: str) -> Iterator[Span]:
    return ((match.start(), match.end(), kind) for match in pattern.finditer(text))


# --- Names -----------------------------------------------------------------------------------------------------------


class _Book:
    """Names by the word that they begin with, longer ones first; `turned`: the last name first, with a capital.

    `loose` are parts of names that go in lower case too, `strict` those that need a capital.
    """

    def __init__(self, known: Known) -> None:
        self.phrases: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        self.turned: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        self.strict: dict[str, str] = {}
        self.loose: dict[str, str] = {}
        for name in known.clients:
            self._client(_parts(name))
        for key in known.keys:
            (self.loose if len(key) > 2 else self.strict)[_fold(key)] = "client"
        for name in known.others:
            self._person(name, self.strict)
        for name in known.people:
            self._person(name, self.loose)
        for found in self.phrases.values():
            found.sort(key=lambda each: len(each[0]), reverse=True)

    def _client(self, parts: tuple[str, ...]) -> None:
        bare = tuple(part for part in parts if part not in _PARTICLES)
        for each in {parts, bare}:
            self._phrase(each, "client")
        if bare and len(bare[0]) > 2:
            (self.loose if len(bare) == 1 else self.strict).setdefault(bare[0], "client")

    def _person(self, name: str, single: dict[str, str]) -> None:
        parts = _parts(name)
        self._phrase(parts, "person")
        if len(parts) > 1:
            self.turned.setdefault(parts[-1], []).append(((parts[-1], *parts[:-1]), "person"))
        together = ("".join(_parts(word)) for word in name.split())  # O’Neil is written Oneil, too
        for part in {*parts, *together}:
            if len(part) > 1 and part not in _PARTICLES and not part.isdigit():
                single.setdefault(part, "person")

    def _phrase(self, parts: tuple[str, ...], kind: str) -> None:
        if len(parts) > 1:
            self.phrases.setdefault(parts[0], []).append((parts, kind))
            if len("".join(parts)) > 4:
                self.loose.setdefault("".join(parts), kind)


def _names(text: str, known: Known, taken: Sequence[Span]) -> list[Span]:
    """Names in the order of the text; parts beside each other are one."""
    book = _Book(known)
    words = [
        (match.start(), match.end(), _fold(match.group()), match.group()[0].isupper())
        for match in _WORD.finditer(text) if not _overlaps(taken, match.start(), match.end())
    ]  # fmt: skip
    at, found = 0, list[Span]()
    while at < len(words):
        start, _, word, is_capital = words[at]
        known_here = book.phrases.get(word, [])
        if is_capital:
            known_here = [*known_here, *book.turned.get(word, ())]
        count, kind = next(((len(parts), kind) for parts, kind in known_here if _stands(parts, words, at)), (1, None))
        kind = kind or book.loose.get(word) or (book.strict.get(word) if is_capital else None)
        if kind:
            end = words[at + count - 1][1]
            if found and found[-1][2] == kind and _ONE_NAME.fullmatch(text, found[-1][1], start):
                start = found.pop()[0]
            found.append((start, end, kind))
        at += count
    return found


def _stands(parts: tuple[str, ...], words: Sequence[tuple[int, int, str, bool]], at: int) -> bool:
    if at + len(parts) > len(words):
        return False
    here = words[at : at + len(parts)]
    is_near = all(after[0] - before[1] <= _LONGEST_GAP for before, after in pairwise(here))
    return is_near and all(part == each[2] for part, each in zip(parts, here, strict=True))


def _parts(name: str) -> tuple[str, ...]:
    return tuple(_fold(part) for part in _WORD.findall(unicodedata.normalize("NFC", name)))


def _fold(word: str) -> str:
    """The word without case and accents."""
    plain = unicodedata.normalize("NFKD", word.casefold())
    return "".join(_unmarked(plain))


def _unmarked(text: Iterable[str]) -> Iterator[str]:
    return (each for each in text if not unicodedata.combining(each))
