"""Who is in the demonstration. Everything here is invented."""

from dataclasses import dataclass, field
from typing import Any

PROVIDER = ("MERIDIAN", "Meridian IT", "Europe/London")


@dataclass(frozen=True)
class Someone:
    """A contact or an agent; `team` and `site` by name."""

    name: str
    local_part: str
    roles: tuple[str, ...]
    title: str = ""
    site: str = ""
    manages: tuple[str, ...] = ()
    team: str = ""
    leads: bool = False
    only: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()


@dataclass(frozen=True)
class ClientStory:
    """A client with its look, hours, promises and people."""

    key: str
    name: str
    time_zone: str
    colour: str
    domain: str
    phone: str
    welcome: str
    hours: dict[str, list[list[str]]]
    policy: str
    sites: tuple[str, ...]
    people: tuple[Someone, ...]
    categories: tuple[str, ...] = field(default=("Hardware", "Software", "Network", "Access"))


def _week(*windows: list[str], days: str = "mon tue wed thu fri") -> dict[str, list[list[str]]]:
    return {day: [list(window) for window in windows] for day in days.split()}


AGENTS = (
    Someone("Priya Nair", "priya.nair", ("agent",), team="Clinical apps", skills=("x-ray viewers", "practice software")),
    Someone("Maya Lindqvist", "maya.lindqvist", ("lead", "account_manager"), team="Service desk", leads=True),
    Someone("Jonas Weber", "jonas.weber", ("agent", "problem_manager"), team="Clinical apps", leads=True, skills=("x-ray viewers",)),
    Someone("Daniel Cho", "daniel.cho", ("agent", "change_manager"), team="Networks", leads=True, skills=("firewalls", "telephony")),
    Someone("Elena Petrova", "elena.petrova", ("agent",), team="Service desk", only=("HARB",)),
    Someone("Oliver Grant", "oliver.grant", ("admin",), team="Service desk"),
)
TEAMS = ("Service desk", "Clinical apps", "Networks")

CLIENTS = (
    ClientStory(
        "NWD", "Northwind Dental", "Europe/London", "#0f766e", "northwind-dental.example", "+44 117 496 0100",
        "We look after your practice computers, the X-ray viewers and the phones.",
        _week(["08:30", "12:30"], ["13:30", "17:30"]), "Northwind Gold", ("Clifton Triangle", "Redland Road"),
        (
            Someone("Amelia Hart", "amelia.hart", ("requester", "manager"), "Practice manager", "Clifton Triangle"),
            Someone("Samir Rao", "samir.rao", ("requester",), "Dentist", "Clifton Triangle"),
            Someone("Tom Fairley", "tom.fairley", ("requester", "site_manager"), "Reception lead", "Redland Road", ("Redland Road",)),
            Someone("Grace Okoro", "grace.okoro", ("client_admin",), "Operations"),
        ),
        ("X-ray and imaging", "Practice software", "Phones", "Accounts and access"),
    ),
    ClientStory(
        "HARB", "Harbor Logistics", "Europe/Amsterdam", "#b45309", "harbor-logistics.example", "+31 20 555 0142",
        "Warehouses, docks and customs papers: tell us what stops you.",
        _week(["06:00", "22:00"], days="mon tue wed thu fri sat"), "Harbor Docks", ("Docks 1 to 9", "Office"),
        (
            Someone("Pieter de Vries", "pieter.devries", ("requester", "manager"), "Dock manager", "Docks 1 to 9"),
            Someone("Femke Jansen", "femke.jansen", ("requester",), "Customs clerk", "Office"),
            Someone("Marta Ruiz", "marta.ruiz", ("client_admin",), "IT coordinator", "Office"),
        ),
        ("Scanners and printers", "Warehouse system", "Customs", "Accounts and access"),
    ),
    ClientStory(
        "KEST", "Kestrel Insurance", "America/New_York", "#6d28d9", "kestrel-insurance.example", "+1 212 555 0170",
        "Claims never sleep, and neither do we.",
        _week(["00:00", "24:00"], days="mon tue wed thu fri sat sun"), "Kestrel Around the Clock", ("Hudson Street",),
        (
            Someone("Ian Whitlock", "ian.whitlock", ("requester",), "Claims handler", "Hudson Street"),
            Someone("Beth Lowry", "beth.lowry", ("requester", "manager"), "Underwriting lead", "Hudson Street"),
            Someone("Noah Feldman", "noah.feldman", ("client_admin",), "Technology manager", "Hudson Street"),
        ),
        ("Mail", "Claims system", "Laptops", "Accounts and access"),
    ),
)  # fmt: skip

# working minutes per priority: response, update, resolution
PROMISES: dict[str, dict[int, tuple[int, int | None, int]]] = {
    "Northwind Gold": {1: (30, 120, 240), 2: (60, 240, 720), 3: (240, None, 1440), 4: (480, None, 3840)},
    "Harbor Docks": {1: (15, 60, 180), 2: (30, 240, 480), 3: (120, None, 1440), 4: (480, None, 2880)},
    "Kestrel Around the Clock": {1: (15, 60, 240), 2: (60, 480, 1440), 3: (480, None, 4320), 4: (1440, None, 10080)},
}


def policy_content(name: str, calendar_id: str) -> dict[str, Any]:
    """The policy of a client as it is stored."""
    targets: dict[str, Any] = {}
    for priority, (response, update, resolution) in PROMISES[name].items():
        row: dict[str, Any] = {
            "response": {"minutes": response, "calendar_id": calendar_id},
            "resolution": {"minutes": resolution, "calendar_id": calendar_id},
        }
        if update is not None:
            row["update"] = {"minutes": update, "calendar_id": calendar_id}
        targets[f"P{priority}"] = row
    return {"targets": targets, "steps": {"response": _steps(75), "resolution": _steps(50, 75, 90)}}


def _steps(*percents: int) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = [
        {"key": str(percent), "percent": percent, "actions": [{"kind": "notify", "to": "assignee"}]} for percent in percents
    ]
    steps.append({"key": "breach", "actions": [{"kind": "notify", "to": "lead"}, {"kind": "notify", "to": "assignee"}]})
    return steps
