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


OFFERS = (
    _offer(
        "People", "user-plus", "New colleague", "Account, equipment and access in one order", "joiner, starter, onboarding, hire",
        description="Say in the note who comes, from which day on, where they will work and what they need. We prepare everything "
        "for the first day.", price_monthly="34", service="Onboarding",
    ),
    _offer(
        "People", "user-minus", "Colleague leaves", "Close accounts, collect equipment, hand over mail", "leaver, offboarding, resignation",
        description="Say in the note who leaves, on which day, and who takes over the mail.", service="Onboarding", urgency=1,
    ),
    _offer(
        "Access", "key", "Password reset", "A new password, after we have called you back", "forgotten, locked out, sign-in",
        urgency=1, impact=3, service="Passwords",
    ),
    _offer("Equipment", "device-laptop", "Laptop", "14 or 16 inch, with a dock", "notebook, computer, macbook", price_once="980", service="Equipment"),
    _offer("Equipment", "device-desktop", "Second screen", "27 inch, with its cable", "monitor, display", price_once="210", service="Equipment"),
    _offer("Equipment", "phone", "Desk phone or headset", "For reception, rooms or home", "telephone, earphones", price_once="85", service="Equipment"),
    _offer(
        "Equipment", "printer", "Label or card printer", "For reception and sterilisation", "labels, badges", clients=("NWD",),
        price_once="310", service="Equipment",
    ),
    _offer("Software", "box", "Software licence", "Dictation, office programs, drawing", "program, app, subscription", price_monthly="12.50"),
    _offer(
        "Access", "lock", "Access to a shared folder", "For a person or a role, with an end date", "drive, share, permission, rights",
        description="Name the folder in the note, who needs it, and until when.",
    ),
    _offer("Access", "link", "Guest wi-fi for an event", "A voucher for a day or a week", "wlan, internet, visitors, voucher", urgency=1),
    _offer("Access", "mail", "Shared mailbox", "One address that several people read", "group mail, distribution list", price_monthly="4"),
)
