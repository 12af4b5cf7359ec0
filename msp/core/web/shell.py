"""What the frame of a page needs: the context variable `shell` of every template that extends one of the bases."""

from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Literal

Tone = Literal["", "ok", "warn", "bad"]


@dataclass(frozen=True, slots=True)
class NavItem:
    """One place to go. `keys` is a shortcut such as `g q`; `is_minor` items are left out of the rail."""

    label: str
    href: str
    icon: str = "filter"
    count: str | None = None
    tone: Tone = ""
    is_current: bool = False
    is_minor: bool = False
    keys: str = ""


@dataclass(frozen=True, slots=True)
class NavGroup:
    """A run of places under a heading; the first group usually has none. The portal uses one group."""

    items: tuple[NavItem, ...]
    label: str = ""


@dataclass(frozen=True, slots=True)
class User:
    """Who is signed in. `presence` is a few words such as `until 18:00`; `links` fill the menu under the name."""

    name: str
    hue: int
    href: str
    sign_out_url: str
    presence: str = ""
    links: tuple[NavItem, ...] = ()


@dataclass(frozen=True, slots=True)
class Brand:
    """Whose page it is: the provider in the console, the client in the portal."""

    name: str
    monogram: str
    href: str = "/"
    stylesheet: str = ""
    logo_url: str = ""


@dataclass(frozen=True, slots=True)
class Live:
    """Where the stream of changes is, where a ticket for it is had (by POST), and the last change already shown."""

    url: str
    ticket_url: str
    after: str = ""


@dataclass(frozen=True, slots=True)
class Flash:
    """A word about what was just done. `undo_url` takes a POST."""

    text: str
    tone: Tone = "ok"
    undo_url: str = ""


@dataclass(frozen=True, slots=True)
class Bell:
    """Where notifications are, how many are unread, and where a page that lives on has the bell anew."""

    href: str
    unread: int
    src: str


@dataclass(frozen=True, slots=True)
class Shell:
    """The frame. `notice` is a strip above everything (demonstration, viewing as a contact)."""

    brand: Brand
    now: datetime
    tz: tzinfo
    tz_name: str
    user: User | None = None
    nav: tuple[NavGroup, ...] = ()
    search_url: str = ""
    create_url: str = ""
    live: Live | None = None
    bell: Bell | None = None
    flashes: tuple[Flash, ...] = ()
    footer: tuple[NavItem, ...] = ()
    notice: str = ""
    theme: Literal["system", "light", "dark"] = "system"
    density: Literal["compact", "comfortable"] = "compact"
    has_keys: bool = True
    lang: str = "en"
