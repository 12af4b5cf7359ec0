"""What the demonstration's clients can order. Everything here is invented."""

from dataclasses import dataclass
from typing import Any

EVERYBODY = ("NWD", "HARB", "KEST")


@dataclass(frozen=True)
class Offer:
    """A template, and the clients that have a copy of it."""

    content: dict[str, Any]
    clients: tuple[str, ...] = EVERYBODY


def _offer(
    category: str, icon: str, name: str, summary: str, synonyms: str = "", clients: tuple[str, ...] = EVERYBODY, **more: Any
) -> Offer:
    words = synonyms.split(", ") if synonyms else []
    return Offer({"name": name, "category": category, "icon": icon, "summary": summary, "synonyms": words, **more}, clients)


def _options(**labels: str) -> list[dict[str, str]]:
    """Options by value; a price stands behind a bar."""
    split = {value: label.partition("|") for value, label in labels.items()}
    return [{"value": value, "label": label, **({"price": price} if price else {})} for value, (label, _, price) in split.items()]


_JOINER = {
    "parts": [
        {"name": "name", "kind": "text", "label": "Full name", "required": True},
        {"name": "first_day", "kind": "date", "label": "First day", "required": True, "minimum": 3},
        {"name": "site", "kind": "site", "label": "Where will they work?", "required": True},
        {
            "name": "place", "kind": "choice", "label": "Mostly", "required": True,
            "options": _options(desk="At a desk", floor="With clients", home="From home"),
        },
        {
            "name": "address", "kind": "long_text", "label": "Address to deliver to", "required": True,
            "show_if": {"field": "place", "is": "home"},
        },
        {
            "name": "role", "kind": "choice", "label": "What will they do?", "show_if": {"field": "place", "in": ["desk", "floor"]},
            "options": _options(reception="Reception", office="Office", team="In a team", lead="Leads a team"),
            "options_by": {"field": "place", "values": {"desk": ["reception", "office"], "floor": ["team", "lead"]}},
        },
        {
            "name": "records", "kind": "text", "label": "Whose records may they open?", "hint": "A team, or a person they stand in for",
            "show_if": {"field": "place", "is": "floor"}, "required_if": {"field": "role", "is": "lead"},
        },
        {"name": "kit", "kind": "section", "label": "Equipment", "text": "It lies ready on the first day."},
        {
            "name": "equipment", "kind": "multi_choice", "label": "What do they need?",
            "options": _options(tablet="Tablet, 11 inch|420.00", laptop="Laptop, 14 inch|980.00", headset="Headset|85.00", none="Nothing new"),
        },
        {
            "name": "bag", "kind": "choice", "label": "A bag for the laptop?", "show_if": {"field": "equipment", "is": "laptop"},
            "options": _options(no="No", sleeve="Sleeve|18.00", rucksack="Rucksack|55.00"),
        },
        {"name": "contract", "kind": "file", "label": "Signed contract", "hint": "Or send it later", "maximum": 1},
        {"name": "told", "kind": "note", "label": "", "text": "We mail the sign-in to their manager the day before."},
    ]
}  # fmt: skip
_LEAVER = {
    "parts": [
        {"name": "who", "kind": "text", "label": "Who leaves", "required": True},
        {"name": "last_day", "kind": "date", "label": "Last day", "required": True},
        {
            "name": "mail", "kind": "choice", "label": "Their mail", "required": True,
            "options": _options(hand_over="Is handed over", close="Is closed"),
        },
        {"name": "heir", "kind": "text", "label": "Who takes it over", "required": True, "show_if": {"field": "mail", "is": "hand_over"}},
    ]
}  # fmt: skip
_LAPTOP = {
    "parts": [
        {
            "name": "size", "kind": "choice", "label": "Size", "required": True,
            "options": _options(small="14 inch", large="16 inch|180.00"),
        },
        {"name": "extras", "kind": "multi_choice", "label": "With it", "options": _options(screen="Screen, 27 inch|210.00", bag="Bag|35.00")},
    ]
}  # fmt: skip
_FOLDER = {
    "parts": [
        {"name": "folder", "kind": "text", "label": "Which folder", "required": True},
        {"name": "who", "kind": "text", "label": "Who needs it", "hint": "A person or a role", "required": True},
        {"name": "until", "kind": "date", "label": "Until when"},
    ]
}  # fmt: skip

_JOINER_CHAIN = {
    "stages": [
        {"name": "Manager", "approvers": [{"role": "manager"}], "remind_after_hours": 24, "expires_after_hours": 168, "escalates": True},
        {
            "name": "Costs over £500", "approvers": [{"role": "client_admin"}], "remind_after_hours": 24, "expires_after_hours": 168,
            "condition": {"field": "once", "operator": ">", "value": 500},
        },
    ]
}  # fmt: skip
_JOINER_TASKS = (
    {
        "key": "account", "title": "Make the account", "detail": "Name, mailbox, groups of the site.", "due_minutes": 240,
        "book": "Joiner", "inputs": {"person": {"from": "order.answer", "value": "name"}},
    },
    {"key": "kit", "title": "Get the equipment ready", "due_minutes": 960},
    {"key": "set_up", "title": "Set it up and hand it over", "after": ["account", "kit"], "due_minutes": 480},
)
_LEAVER_TASKS = (
    {"key": "collect", "title": "Collect badge and equipment", "due_minutes": 960},
    {
        "key": "close", "title": "Close the accounts", "after": ["collect"], "book": "Leaver",
        "inputs": {"person": {"from": "order.answer", "value": "who"}},
    },
)
_RESET_TASKS = (
    {
        "key": "reset", "title": "Send a link for a new password", "book": "Password reset",
        "inputs": {"person": {"from": "order.for_name"}, "e_mail": {"from": "order.for_e_mail"}},
    },
)
# Who does each of the tasks above where no runbook does, by the name of the team.
TASK_TEAMS = {"collect": "Service desk", "close": "Service desk", "reset": "Service desk", "account": "Service desk", "kit": "Networks", "set_up": "Service desk"}
# What one of the people has ordered, and waits for: client, who, item, answers; a site by its name.
WAITING_ORDER = (
    "NWD", "Tom Fairley", "New colleague",
    {"name": "Nina Kovac", "first_day": "2027-04-05", "site": "Redland Road", "place": "desk", "equipment": ["laptop", "headset"]},
)  # fmt: skip

OFFERS = (
    _offer(
        "People", "user-plus", "New colleague", "Account, equipment and access in one order", "joiner, starter, onboarding, hire",
        description="We prepare everything for the first day.", price_monthly="34", service="Onboarding", form=_JOINER,
        chain=_JOINER_CHAIN, tasks=[dict(task) for task in _JOINER_TASKS],
    ),
    _offer(
        "People", "user-minus", "Colleague leaves", "Close accounts, collect equipment, hand over mail", "leaver, offboarding, resignation",
        service="Onboarding", urgency=1, form=_LEAVER, tasks=[dict(task) for task in _LEAVER_TASKS],
    ),
    _offer(
        "Access", "key", "Password reset", "A link to choose a new password, by mail", "forgotten, locked out, sign-in",
        urgency=1, impact=3, service="Passwords", tasks=[dict(task) for task in _RESET_TASKS],
    ),
    _offer("Equipment", "device-laptop", "Laptop", "14 or 16 inch, with a dock", "notebook, computer, macbook", price_once="980", service="Equipment", form=_LAPTOP),
    _offer(
        "Equipment", "building", "Meeting room technology", "Screen, camera and sound for a room", "conference, video, projector",
        description="We look at the room and say what it costs before anything is ordered.", is_quoted=True,
        tasks=[{"title": "Wire the room"}],
    ),
    _offer("Equipment", "device-desktop", "Second screen", "27 inch, with its cable", "monitor, display", price_once="210", service="Equipment"),
    _offer("Equipment", "phone", "Desk phone or headset", "For reception, rooms or home", "telephone, earphones", price_once="85", service="Equipment"),
    _offer(
        "Equipment", "printer", "Label or card printer", "For reception and sterilisation", "labels, badges", clients=("NWD",),
        price_once="310", service="Equipment",
    ),
    _offer("Software", "box", "Software licence", "Dictation, office programs, drawing", "program, app, subscription", price_monthly="12.50"),
    _offer(
        "Access", "lock", "Access to a shared folder", "For a person or a role, with an end date", "drive, share, permission, rights",
        form=_FOLDER,
    ),
    _offer("Access", "link", "Guest wi-fi for an event", "A voucher for a day or a week", "wlan, internet, visitors, voucher", urgency=1),
    _offer("Access", "mail", "Shared mailbox", "One address that several people read", "group mail, distribution list", price_monthly="4"),
)
