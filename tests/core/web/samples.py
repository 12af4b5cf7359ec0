"""Sample pages made of the shipped macros: what the look is checked on. It is Wed 31 March 2027, 10:44 in London."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader

from msp.core.web.brand import hue_of
from msp.core.web.formats import sla_words, status_words, when_words
from msp.core.web.shell import Brand, Flash, Live, NavGroup, NavItem, Shell, User
from msp.core.web.templating import TEMPLATES, equip
from msp.itsm.sla.engine import clock
from msp.itsm.sla.engine.calendar import Calendar, Holiday
from msp.itsm.sla.engine.definition import CalendarVersion, Definitions, Policy, Target
from msp.itsm.sla.engine.definition import Threshold as Step
from msp.itsm.sla.engine.facts import Actor, Fact
from msp.itsm.sla.engine.reading import Reading
from msp.itsm.sla.engine.rules import RESOLUTION
from msp.itsm.sla.thread.adapter import thread_view
from msp.itsm.sla.thread.drawing import thread_svg
from msp.itsm.sla.thread.mini import mini_svg
from msp.itsm.sla.thread.receipt import receipt
from msp.itsm.sla.thread.strip import day_strip

LONDON = ZoneInfo("Europe/London")
PAGES = Path(__file__).parent / "pages"
BRANDS = {"northwind": "#007a82", "harbor": "#b5532a"}


def london(day: int, hour: int, minute: int = 0, *, month: int = 3) -> datetime:
    return datetime(2027, month, day, hour, minute, tzinfo=LONDON).astimezone(UTC)


NOW = london(31, 10, 44)
EASTER = (Holiday(london(26, 12).date(), "Good Friday"), Holiday(london(29, 12).date(), "Easter Monday"))
PRACTICE = Calendar("Europe/London", ((((510, 750), (810, 1050)),) * 5 + ((),) * 2), EASTER)


# --- Service levels ---------------------------------------------------------------------------------------------------


def reading(
    start: datetime,
    now: datetime,
    target_hours: float,
    *,
    calendar: Calendar = PRACTICE,
    pauses: tuple[tuple[datetime, datetime | None], ...] = (),
    stopped_at: datetime | None = None,
    thresholds: tuple[float, ...] = (50, 75, 90),
) -> Reading:
    """A resolution clock with a plain policy: opened, paused, perhaps resolved."""
    version = CalendarVersion("c2", "c", "Practice hours", 2, calendar)
    targets = {"P2": {"resolution": Target(int(target_hours * 3600), "c")}}
    steps = tuple(Step(f"{share:g}", percent=share) for share in thresholds)
    policy = Policy("p4", "p", "Northwind Gold", 4, targets, thresholds={"resolution": steps})
    opened = {"kind": "incident", "channel": "portal", "priority": "P2"}
    facts = [Fact("opened", start, 0, "f0", Actor("Amelia Hart", "contact"), opened)]
    for first, last in pauses:
        waiting = {"state": "waiting_for_client", "reason": "Asked Amelia which chairs are affected"}
        facts.append(Fact("waiting", first, len(facts), f"f{len(facts)}", Actor("Priya Nair", "agent"), waiting))
        if last:
            facts.append(Fact("resumed", last, len(facts), f"f{len(facts)}", Actor("Amelia Hart", "contact")))
    if stopped_at:
        facts.append(Fact("resolved", stopped_at, len(facts), f"f{len(facts)}", Actor("Priya Nair", "agent")))
    return clock.read(facts, Definitions(policies=(policy,), calendars=(version,)), RESOLUTION, now=now)


NORTHWIND = reading(london(25, 14, 20), NOW, 12, pauses=((london(30, 9, 10), london(30, 11, 40)),))
MONDAY = london(22, 10)  # an ordinary Monday, so that lunch and night are all there is
STORIES = {
    "track": reading(MONDAY, london(23, 9), 11.5),
    "risk": NORTHWIND,
    "paused": reading(MONDAY, london(23, 12), 11, pauses=((london(23, 9, 30), None),)),
    "over": reading(MONDAY, london(23, 14, 10), 9.5),
    "met": reading(MONDAY, london(24, 9), 9.5, stopped_at=london(23, 9, 50)),
    "missed": reading(MONDAY, london(24, 9), 9.5, stopped_at=london(23, 14, 10)),
    "always": reading(london(27, 18, 40), london(28, 4, 30), 12, calendar=Calendar("Europe/London", (((0, 1440),),) * 7)),
    "response": reading(london(23, 9, 5), london(23, 9, 20), 0.5),
    "weeks": reading(london(1, 9), NOW, 200, pauses=((london(8, 10), london(10, 15)),)),
}


def words_of(each: Reading, *, tz: ZoneInfo = LONDON) -> Any:
    cycle = each.current
    assert cycle is not None
    over = cycle.elapsed_seconds - (cycle.target_seconds or 0)
    return sla_words(
        cycle.state,
        cycle.due_at,
        cycle.breaches_at,
        cycle.stopped_at,
        None,
        each.now,
        tz,
        over_seconds=over if over > 0 else None,
        reason="waiting for client" if cycle.state == "paused" else None,
    )


# --- Rows of the queue --------------------------------------------------------------------------------------------------

_ROWS = [
    # client, letters, hue, ref, subject, requester, state, priority, assignee, sla state, used, minutes to due, age, flags
    ("Acme", "AC", 3, "ACME-3391", "ERP posting service stops after every warehouse batch", "Marta Ruiz", "open", 1,
     "Jonas Weber", "breached", 1.12, -38, 5 * 60, "unread"),
    ("Kestrel", "KI", 7, "KEST-811", "Claims mailbox rejects attachments over 8 MB", "Ian Whitlock", "open", 2,
     "Elena Petrova", "breached", 1.04, -12, 1440, ""),
    ("Quayside", "QH", 8, "QUAY-1207", "Check-in terminals in lobby lose the payment pad after standby", "Nadia Rahimi",
     "new", 2, "", "breached", 1.01, -4, 130, "unread"),
    ("Harbor", "HL", 2, "HARB-2087", "Label printers at docks 4 to 9 drop off the network after the firmware update",
     "Pieter de Vries", "open", 2, "Sam Okonkwo", "at_risk", 0.96, 18, 1500, "unread selected major"),
    ("Tern", "TB", 10, "TERN-402", "Freezer telemetry gaps: –80 °C unit B2", "Dr Yuki Arai", "open", 1, "Jonas Weber",
     "at_risk", 0.89, 26, 150, "selected"),
    ("Northwind", "NW", 1, "NWD-1042", "Chair-side X-ray viewer freezes when a second image is opened in rooms 3 and 5",
     "Amelia Hart", "open", 2, "Priya Nair", "at_risk", 0.91, 66, 6 * 1440, "unread cursor"),
    ("Larkfield", "LP", 4, "LARK-655", "Repeat-prescription queue shows yesterday’s items", "Owen Pryce", "open", 2,
     "Daniel Cho", "at_risk", 0.86, 80, 1500, "selected"),
    ("Acme", "AC", 3, "ACME-3388", "VPN drops for the Monterrey shift at 06:00", "Luis Ortega", "open", 3, "Sam Okonkwo",
     "on_track", 0.64, 206, 1600, ""),
    ("Ostara", "OF", 6, "OSTA-266", "Scale at packing line 2 no longer prints the batch code", "Katrin Vogel", "new", 3,
     "", "on_track", 0.41, 241, 70, "unread"),
    ("Okafor & Lund", "OL", 11, "OKLU-118", "Dictation licence shows as expired", "Chidi Okafor", "open", 3,
     "Elena Petrova", "on_track", 0.58, 321, 1700, ""),
    ("Kestrel", "KI", 7, "KEST-809", "New starter 12 April: underwriting analyst", "Beth Lowry", "waiting_for_approval",
     4, "Ruth Bakker", "on_track", 0.34, 1456, 2900, ""),
    ("Larkfield", "LP", 4, "LARK-651", "Scanner in consulting room 2 saves empty pages", "Owen Pryce",
     "waiting_for_client", 3, "Priya Nair", "paused", 0.52, 190, 2900, ""),
    ("Acme", "AC", 3, "ACME-3379", "Re: Re: FW: URGENT – cannot export the Q1 statement for the auditors", "Marta Ruiz",
     "waiting_for_client", 3, "Elena Petrova", "paused", 0.7, 1440, 5800, "unread"),
    ("Tern", "TB", 10, "TERN-399", "Autoclave controller: certificate renewal", "Dr Yuki Arai", "waiting_for_supplier", 3,
     "Jonas Weber", "on_track", 0.44, 3176, 4400, ""),
    ("Brightwater", "BT", 9, "BWST-975", "Classroom display has no sound", "Grace Adeyemi", "resolved", 4, "Daniel Cho",
     "met", 0.68, 0, 1500, ""),
    ("Ostara", "OF", 6, "OSTA-262", "Price list export runs twice", "Katrin Vogel", "resolved", 3, "Elena Petrova",
     "missed", 1.06, -22, 4400, ""),
    ("Birch & Stone", "BS", 12, "BRCH-537", "Question: which scanner settings do you recommend for A3 drawings?",
     "Tomasz Zielinski", "open", 4, "", "none", None, 0, 2900, ""),
]  # fmt: skip


def _row(data: tuple[Any, ...]) -> SimpleNamespace:
    client, letters, hue, ref, subject, requester, state, priority, assignee, sla, used, minutes, age, flags = data
    due = NOW + timedelta(minutes=minutes) if used is not None else None
    stopped = NOW if sla in ("met", "missed") else None
    words = sla_words(sla, due, due if minutes < 0 else None, stopped, minutes * 60, NOW, LONDON)
    return SimpleNamespace(
        client=client, letters=letters, hue=hue, ref=ref, subject=subject, requester=requester, priority=priority,
        status=status_words(state), assignee=assignee, assignee_hue=hue_of(assignee), flags=flags.split(), words=words,
        due=due, state=sla, paused=minutes * 60, opened_at=NOW - timedelta(minutes=age),
        mini=mini_svg(words.look, used, nights=(0.32,) if used else (), is_paused=sla == "paused"),
    )  # fmt: skip


# --- Frames ---------------------------------------------------------------------------------------------------------------


def _console(**changes: Any) -> Shell:
    views = [
        ("All open", "list", 148, "", True), ("At risk and overdue", "soon", 9, "warn", False),
        ("Unassigned", "user-minus", 12, "", False), ("Assigned to me", "user", 14, "", False),
        ("Waiting for client", "dial-pause", 31, "", False), ("P1–P2 healthcare clients", "filter", 11, "", False),
    ]  # fmt: skip
    nav = (
        NavGroup((NavItem("My inbox", "#inbox", "inbox", 9), NavItem("Approvals", "#approvals", "circle-check", 2))),
        NavGroup(tuple(NavItem(a, "#v", i, n, tone, c, i == "filter") for a, i, n, tone, c in views), "Views"),  # type: ignore[arg-type]  # one of the tones
        NavGroup((NavItem("Clients", "#clients", "building", 12), NavItem("SLA reports", "#r", "chart-bar", 3)), "Clients"),
    )
    user = User("Priya Nair", 5, "#me", "/sign-out", "until 18:00")
    frame = dict(nav=nav, user=user, search_url="#find", create_url="#new", live=Live("/live", "/live/ticket"))
    return Shell(Brand("Meridian IT", "M"), NOW, LONDON, "Europe/London", **{**frame, **changes})


def _portal(brand: str = "northwind", **changes: Any) -> Shell:
    names = ("Home", "My requests", "Catalogue", "Help articles", "Service levels")
    nav = (NavGroup(tuple(NavItem(name, "#", is_current=name == changes.get("at", "Home")) for name in names)),)
    changes.pop("at", None)
    footer = tuple(NavItem(label, href) for label, href in (
        ("IT support by Meridian IT", ""), ("+44 117 496 0100", "tel:+441174960100"), ("Accessibility", "#a"),
        ("Who has seen my data", "#w"), ("English", "#l")))  # fmt: skip
    client = Brand("Northwind Dental", "N", stylesheet=f"/brand/{brand}.css")
    user = User("Amelia Hart", 12, "#me", "/sign-out")
    return Shell(client, NOW, LONDON, "Europe/London", **{"nav": nav, "user": user, "footer": footer, **changes})


def context(page: str) -> dict[str, Any]:
    """What a sample page is rendered with."""
    is_portal = page.startswith("portal") or page == "sign_in"
    at = {"portal_ticket": "My requests"}.get(page, "Home")
    shell = _portal(at=at) if is_portal else _console()
    if page == "sign_in":
        shell = _portal(user=None)
    if page == "settings":
        shell = _console(flashes=(Flash("Calendar saved", undo_url="/undo"),))
    client = page.startswith("portal")
    view = thread_view(NORTHWIND, for_client=client)
    return {
        "shell": shell,
        "rows": [_row(data) for data in _ROWS],
        "thread": thread_svg(view, width=640 if client else 760, fold=1.9 if client else 1),
        "strip": day_strip(view),
        "receipt": receipt(NORTHWIND, for_client=client),
        "words": words_of(NORTHWIND),
        "due_at": NORTHWIND.due_at,
        "stories": {
            name: SimpleNamespace(words=words_of(each), thread=thread_svg(thread_view(each)), strip=day_strip(thread_view(each)))
            for name, each in STORIES.items()
        },
        "at": london,
        "when": lambda instant: when_words(instant, NOW, LONDON),
        "week": _week(),
    }


def _week() -> list[dict[str, Any]]:
    usual = [{"from": 420, "to": 750, "label": "07:00–12:30"}, {"from": 780, "to": 1140, "label": "13:00–19:00"}]
    days = [{"name": name, "key": name.lower(), "windows": list(usual), "tails": [], "sum": "11 h 30"} for name in ("Mon", "Tue", "Wed", "Thu", "Fri")]
    days[3]["windows"] += [{"from": 1200, "to": 1320, "label": "20–22"}]
    days[4]["windows"] += [{"from": 1320, "to": 1800, "label": "22 →"}]
    saturday = {"from": 540, "to": 780, "label": "09:00–13:00", "is_new": True}
    tail = {"to": 360, "label": "until 06:00, from Fri"}
    days.append({"name": "Sat", "key": "sat", "windows": [saturday], "tails": [tail], "sum": "4 h 00", "is_new": True})
    days.append({"name": "Sun", "key": "sun", "windows": [], "tails": [], "sum": "closed"})
    return days


def environment() -> Environment:
    """The templates as the application sees them, and the sample pages."""
    env = Environment(loader=FileSystemLoader([PAGES, TEMPLATES]), autoescape=True)
    equip(env)
    env.globals["csrf_token"] = lambda: "token-of-the-form"
    return env


def render(page: str, **changes: Any) -> str:
    return environment().get_template(f"{page}.html").render({**context(page), **changes})
