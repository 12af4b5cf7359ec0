"""Sample pages made of the shipped macros: what the look is checked on. It is Wed 31 March 2027, 10:44 in London."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader

from msp.core.web.brand import hue_of
from msp.core.web.formats import when_words
from msp.core.web.shell import Brand, Flash, Live, NavGroup, NavItem, Shell, User
from msp.core.web.templating import TEMPLATES, equip
from msp.itsm.catalog.forms import builder, builder_view
from msp.itsm.catalog.forms.answers import check, prices
from msp.itsm.catalog.forms.definition import KINDS, parse
from msp.itsm.catalog.prices import amount_words
from msp.itsm.catalog.questions import Asked
from msp.itsm.catalog.sums import Sum
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
from msp.itsm.sla.words import sla_words
from msp.itsm.tickets.words import status_words
from tests.itsm.catalog.form_samples import CHOICES, JOINER

LONDON = ZoneInfo("Europe/London")
PAGES = Path(__file__).parent / "pages"
ITSM = [TEMPLATES.parents[2] / "itsm" / part / "templates" for part in ("sla", "tickets", "catalog")]
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


# --- Rows of the queue ------------------------------------------------------------------------------------------------


def rows() -> list[SimpleNamespace]:
    """The queue: `minutes` to the due instant, `age` in minutes, `used` as a share of the target."""
    return [_row(SimpleNamespace(**data)) for data in json.loads((PAGES / "queue.json").read_text(encoding="utf-8"))]


def _row(row: SimpleNamespace) -> SimpleNamespace:
    row.due = NOW + timedelta(minutes=row.minutes) if row.used is not None else None
    stopped_at = NOW if row.sla in ("met", "missed") else None
    row.paused = row.minutes * 60
    row.words = sla_words(row.sla, row.due, None, stopped_at, row.paused, NOW, LONDON)
    nights = (0.32,) if row.used else ()
    row.mini = mini_svg(row.words.look, row.used, nights=nights, is_paused=row.sla == "paused")
    row.status = status_words(row.state)
    row.assignee_hue = hue_of(row.assignee)
    row.opened_at = NOW - timedelta(minutes=row.age)
    row.flags = row.flags.split()
    return row


# --- Frames -----------------------------------------------------------------------------------------------------------


def console_shell(**changes: Any) -> Shell:
    views = (
        NavItem("All open", "#v1", "list", 148, is_current=True),
        NavItem("At risk and overdue", "#v2", "soon", 9, "warn"),
        NavItem("Unassigned", "#v3", "user-minus", 12),
        NavItem("Assigned to me", "#v4", "user", 14, keys="g i"),
        NavItem("P1–P2 healthcare clients", "#v5", "filter", 11, is_minor=True),
    )
    clients = (NavItem("Clients", "#clients", "building", 12), NavItem("SLA reports", "#reports", "chart-bar", 3))
    inbox = (NavItem("My inbox", "#inbox", "inbox", 9), NavItem("Approvals", "#approvals", "circle-check", 2))
    frame = {
        "nav": (NavGroup(inbox), NavGroup(views, "Views"), NavGroup(clients, "Clients")),
        "user": User("Priya Nair", 5, "#me", "/sign-out", "until 18:00"),
        "search_url": "#find",
        "create_url": "#new",
        "live": Live("/live", "/live/ticket"),
    }
    return Shell(Brand("Meridian IT", "M"), NOW, LONDON, "Europe/London", **{**frame, **changes})


def portal_shell(at: str = "Home", **changes: Any) -> Shell:
    places = ("Home", "My requests", "Catalogue", "Help articles", "Service levels")
    frame = {
        "nav": (NavGroup(tuple(NavItem(place, "#", is_current=place == at) for place in places)),),
        "user": User("Amelia Hart", 12, "#me", "/sign-out"),
        "footer": (NavItem("IT support by Meridian IT", ""), NavItem("Accessibility", "#a"), NavItem("English", "#l")),
    }
    brand = Brand("Northwind Dental", "N", stylesheet="/brand/northwind.css")
    return Shell(brand, NOW, LONDON, "Europe/London", **{**frame, **changes})


def context(page: str) -> dict[str, Any]:
    """What a sample page is rendered with."""
    shells = {
        "portal_ticket": portal_shell("My requests"),
        "portal_request": portal_shell("Catalogue"),
        "sign_in": portal_shell(user=None),
        "error_page": portal_shell(user=None),
        "settings": console_shell(flashes=(Flash("Calendar saved", undo_url="/undo"),)),
    }
    client = page.startswith("portal")
    shell = shells.get(page) or (portal_shell() if client else console_shell())
    view = thread_view(NORTHWIND, for_client=client)
    return {
        "shell": shell,
        "error": SimpleNamespace(title="There is nothing here", message="It may have been moved.", code="not_found", status=404),
        "request_id": "0192f4c1-6d1e",
        "rows": rows(),
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
        "joiner": _joiner(),
    }


def _joiner() -> SimpleNamespace:
    """A request form as it comes back: one date is too early."""
    form = parse(JOINER)
    typed = {"name": "Leonie Abernathy-Okonjo", "first_day": "2027-04-02", "where": "room", "role": "nurse", "kit": ["tablet", "headset"]}
    checked = check(form, typed, choices=CHOICES, earliest=lambda days: london(4 + days, 9, month=4).date())
    errors = {"fb-role-olabel-1": "This cannot be empty", "fb-role-show_value": "Say which answer."}
    draft = replace(builder.of_form(form), focus="kit", errors=errors)
    picked = [(line.label, amount_words(line.once, "GBP")) for line in prices(form, checked.answers)]
    return SimpleNamespace(
        errors=checked.errors,
        draft=draft,
        boxes=builder_view.boxes(draft),
        kinds=KINDS,
        look=Asked(form, {}, None, CHOICES, "GBP"),
        asked=Asked(form, typed, checked, CHOICES, "GBP"),
        sum=Sum([("New colleague, per month", "£34")], picked, "£505", "£34", Decimal(0), "£", may_be_free=True),
    )


def _week() -> list[dict[str, Any]]:
    usual = [{"from": 420, "to": 750, "label": "07:00–12:30"}, {"from": 780, "to": 1140, "label": "13:00–19:00"}]
    days = [
        {"name": name, "key": name.lower(), "windows": list(usual), "tails": [], "sum": "11 h 30"}
        for name in ("Mon", "Tue", "Wed", "Thu", "Fri")
    ]
    days[3]["windows"] += [{"from": 1200, "to": 1320, "label": "20–22"}]
    days[4]["windows"] += [{"from": 1320, "to": 1800, "label": "22 →"}]
    saturday = {"from": 540, "to": 780, "label": "09:00–13:00", "is_new": True}
    tail = {"to": 360, "label": "until 06:00, from Fri"}
    days.append({"name": "Sat", "key": "sat", "windows": [saturday], "tails": [tail], "sum": "4 h 00", "is_new": True})
    days.append({"name": "Sun", "key": "sun", "windows": [], "tails": [], "sum": "closed"})
    return days


def environment() -> Environment:
    """The templates as the application sees them, and the sample pages."""
    env = Environment(loader=FileSystemLoader([PAGES, TEMPLATES, *ITSM]), autoescape=True)
    equip(env)
    env.globals.update(sla_words=sla_words, status_words=status_words)
    env.globals["csrf_token"] = lambda: "token-of-the-form"
    return env


def render(page: str, **changes: Any) -> str:
    return environment().get_template(f"{page}.html").render({**context(page), **changes})
