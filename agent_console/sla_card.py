"""The card of a ticket's clocks: the thread of one, its receipt, why it is so, and the steps that fire on the way."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import Markup

from msp.core.web import formats
from msp.itsm.sla import queries as sla
from msp.itsm.sla.engine.calendar import Calendar
from msp.itsm.sla.engine.reading import Cycle, Reading
from msp.itsm.sla.models import Clock, Escalation
from msp.itsm.sla.thread.adapter import thread_view
from msp.itsm.sla.thread.drawing import thread_svg
from msp.itsm.sla.thread.receipt import Receipt, receipt
from msp.itsm.sla.thread.strip import day_strip
from msp.itsm.sla.words import SlaWords, sla_words
from msp.itsm.tickets.models import Ticket
from msp.itsm.tickets.states import WORDS

_DAY = timedelta(days=1)
TITLES = {"response": "Response", "update": "Update", "resolution": "Resolution"}


@dataclass(frozen=True)
class Tab:
    kind: str
    label: str
    icon: str


@dataclass(frozen=True)
class Step:
    """A step of the escalation, fired or still armed."""

    label: str
    text: str
    words: str
    fired: bool


@dataclass(frozen=True)
class Card:
    """One clock in words and pictures; the tabs lead to the others.

    `exempted` says why it does not count, `countable` names the clocks that could still be exempted.
    """

    kind: str
    title: str
    words: SlaWords
    chip: dict[str, Any]
    used: str
    thread: Markup
    strip: Markup
    why: Markup
    zone: str
    receipt: Receipt
    target: str
    calendar: str
    steps: Sequence[Step]
    tabs: Sequence[Tab]
    closes: str
    exempted: str
    countable: Sequence[tuple[str, str]]


def card(ticket: Ticket, wanted: str | None, *, client_name: str, now: datetime) -> Card | None:
    """The clock asked for, else the one that speaks for the ticket; None where nothing is promised."""
    clocks = {row.kind: row for row in sla.clocks(ticket.tenant_id, [ticket.id])}
    promised = [clocks[kind] for kind in TITLES if kind in clocks and clocks[kind].standing != "none"]
    if not promised:
        return None
    chosen = next((row for row in promised if row.kind == wanted), None)
    row = chosen or clocks.get(ticket.sla_clock or "") or promised[-1]
    reading = sla.read(ticket.tenant_id, ticket.id, row.kind, now=now)
    cycle = reading.current
    if cycle is None or cycle.calendar is None or cycle.target_seconds is None:
        return None
    calendar = cycle.calendar.calendar
    tz = ZoneInfo(calendar.tz)
    words, chip = _chip(ticket, cycle, now, tz)
    view = thread_view(reading)
    return Card(
        kind=row.kind,
        title=TITLES[row.kind],
        words=words,
        chip=chip,
        used=_used(cycle),
        thread=thread_svg(view),
        strip=day_strip(view),
        why=_why(cycle, tz),
        zone=f"{client_name} time, {now.astimezone(tz).tzname()}",
        receipt=receipt(reading),
        target=_target(reading, cycle),
        calendar=f"{cycle.calendar.label}, {hours_words(calendar)}",
        steps=tuple(_steps(row, cycle, sla.escalations(ticket.tenant_id, ticket.id), now, tz)),
        tabs=tuple(_tab(each, now, tz) for each in promised),
        closes=_opening_words(calendar, now, tz),
        exempted=_exempted(cycle, now, tz),
        countable=tuple((each.kind, TITLES[each.kind]) for each in promised if not each.is_exempted),
    )


def _chip(ticket: Ticket, cycle: Cycle, now: datetime, tz: tzinfo) -> tuple[SlaWords, dict[str, Any]]:
    pause = next((each for each in cycle.pauses if each.to_at is None), None)
    over = cycle.elapsed_seconds - (cycle.target_seconds or 0)
    is_over = cycle.state in ("breached", "missed")
    waits_for = WORDS[pause.state].console.lower() if pause and pause.state in WORDS else None
    words = sla_words(
        cycle.state, cycle.due_at, cycle.breaches_at, cycle.stopped_at, None, now, tz,
        over_seconds=over if is_over else None, reason=waits_for,
    )  # fmt: skip
    if cycle.is_exempted:
        words = SlaWords("none", "minus", "Exempt")
    chip: dict[str, Any] = {"state": cycle.state, "tz": str(tz)}
    if cycle.state in ("on_track", "at_risk", "breached"):
        chip |= {"due": cycle.due_at, "breach_at": cycle.breaches_at}
    if cycle.state == "breached" and cycle.calendar:
        window = cycle.calendar.calendar.open_windows(now, now + _DAY)[:1]
        chip |= {"over": over, "ticks_until": window[0][1] if window and window[0][0] <= now else now}
    return words, chip


def _exempted(cycle: Cycle, now: datetime, tz: tzinfo) -> str:
    """`“Waited for their move”, approved by Lena Moritz, 10:30.`"""
    exemption = cycle.exemption
    if exemption is None:
        return ""
    return f"“{exemption.reason}”, approved by {exemption.approver}, {formats.when_words(exemption.at, now, tz, today=False)}."


def _used(cycle: Cycle) -> str:
    target = cycle.target_seconds or 0
    used = f"{formats.duration_words(cycle.elapsed_seconds)} of {formats.target_words(target)} used"
    return f"{used}, {formats.percent_words(cycle.elapsed_seconds, target)}" if target else used


def _why(cycle: Cycle, tz: tzinfo) -> Markup:
    if cycle.stopped_at is not None:
        return Markup("How was this counted?")
    if cycle.due_at is None:
        return Markup("Why does the clock stand still?")
    local = cycle.due_at.astimezone(tz)
    due = f"{formats.day_words(local.date())}, {local:%H:%M}"
    return Markup("Why {} this due <b>{}</b>?").format("was" if cycle.state == "breached" else "is", due)


def _target(reading: Reading, cycle: Cycle) -> str:
    target = f"{formats.target_words(cycle.target_seconds or 0)} of working time"
    if cycle.policy is None:
        return target
    line = cycle.policy.line(cycle.priority)
    because = " and ".join(cycle.choice.because)
    return f"{target}: {cycle.priority} is line {line} of {cycle.policy.label}, chosen because {because}"


def _steps(row: Clock, cycle: Cycle, escalations: Iterable[Escalation], now: datetime, tz: tzinfo) -> Iterator[Step]:
    labels = {each.threshold.key: _step_label(each.threshold) for each in cycle.thresholds}
    for step in escalations:
        if step.clock_id != row.id or (step.step == "breach" and not step.actions and step.state == "armed"):
            continue
        at = step.settled_at if step.state != "armed" else step.fire_at
        words = formats.when_words(at, now, tz) if at else ""
        yield Step(
            labels.get(step.step, "Breach"), _actions(step), "passed over" if step.state == "skipped" else words,
            step.state == "fired",
        )  # fmt: skip


def _step_label(threshold: Any) -> str:
    if threshold.percent is not None:
        return f"{threshold.percent:g} %"
    if threshold.offset_seconds is None:
        return "Breach"
    sign = "–" if threshold.offset_seconds < 0 else "+"
    return f"{sign}{formats.target_words(abs(threshold.offset_seconds))}"


_WHOM = {"assignee": "assignee", "lead": "team lead", "account_manager": "account manager"}


def _actions(step: Escalation) -> str:
    """`Tell the assignee`, or, once it has happened, `Assignee told`."""
    has_fired = step.state == "fired"
    said = []
    for action in step.actions:
        whom = _WHOM.get(action["to"], action["to"])
        match action["kind"]:
            case "notify":
                said.append(f"{whom} told" if has_fired else f"tell the {whom}")
            case "reassign":
                said.append(f"given to {whom}" if has_fired else f"give to {whom}")
            case "raise_priority":
                said.append("priority raised" if has_fired else "raise the priority")
            case "web_hook":
                said.append("web-hook called" if has_fired else "call a web-hook")
            case _:
                said.append("noted" if has_fired else "note it")
    text = ", ".join(said) or "noted"
    return text[0].upper() + text[1:]


def _tab(row: Clock, now: datetime, tz: tzinfo) -> Tab:
    """The name of a clock, and of one that runs beside the others when it is due."""
    if row.standing == "stopped":
        icon = {"met": "circle-check", "breached": "circle-x"}.get(row.outcome or "", "minus")
        return Tab(row.kind, TITLES[row.kind], icon)
    if row.standing == "paused" or row.due_at is None:
        return Tab(row.kind, TITLES[row.kind], "dial-pause")
    is_late = row.breaches_at is not None and now > row.breaches_at
    label = TITLES[row.kind]
    if row.kind != "resolution":
        label = f"{label} {formats.when_words(row.due_at, now, tz, today=False)}"
    icon = "alert-circle" if is_late else "soon" if row.risk_at is not None and now >= row.risk_at else "clock"
    return Tab(row.kind, label, icon)


def hours_words(calendar: Calendar) -> str:
    """`Mon–Fri 08:30–12:30 and 13:30–17:30`: a week of opening hours, days of equal hours together."""
    if _is_endless(calendar):
        return "round the clock"
    runs: list[tuple[int, int, tuple[tuple[int, int], ...]]] = []
    for day, windows in enumerate(calendar.hours):
        if runs and runs[-1][2] == windows and runs[-1][1] == day - 1:
            runs[-1] = (runs[-1][0], day, windows)
        else:
            runs.append((day, day, windows))
    said = []
    for first, last, windows in runs:
        if windows:
            days = formats.DAYS[first] + (f"–{formats.DAYS[last]}" if last > first else "")
            said.append(f"{days} {' and '.join(f'{_clock(opens)}–{_clock(closes)}' for opens, closes in windows)}")
    return ", ".join(said) or "never open"


def _is_endless(calendar: Calendar) -> bool:
    return all(windows == ((0, 1440),) for windows in calendar.hours)


def _clock(minutes: int) -> str:
    return f"{minutes // 60 % 24 if minutes != 1440 else 24:02d}:{minutes % 60:02d}"


def _opening_words(calendar: Calendar, now: datetime, tz: tzinfo) -> str:
    """`open until 12:30`, `closed until Thu 08:30`."""
    if _is_endless(calendar):
        return "open round the clock"
    if calendar.is_working(now):
        closes = calendar.open_windows(now, now + _DAY)[0][1]
        return f"open until {formats.when_words(closes, now, tz, today=False)}"
    windows = calendar.open_windows(now, now + 14 * _DAY)
    return f"closed until {formats.when_words(windows[0][0], now, tz, today=False)}" if windows else "closed"
