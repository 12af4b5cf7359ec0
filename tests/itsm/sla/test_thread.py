"""The SLA thread: where things lie, what gives way to what, and that picture, strip, receipt and sentence agree."""

import re
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msp.core.web.formats import duration_words
from msp.itsm.sla.engine import clock
from msp.itsm.sla.engine.calendar import Calendar, Holiday
from msp.itsm.sla.engine.definition import CalendarVersion, Definitions, Policy, Target
from msp.itsm.sla.engine.definition import Threshold as Step
from msp.itsm.sla.engine.facts import Actor, Fact
from msp.itsm.sla.engine.reading import Reading
from msp.itsm.sla.engine.rules import RESOLUTION
from msp.itsm.sla.thread.adapter import nights, thread_view
from msp.itsm.sla.thread.drawing import thread_svg
from msp.itsm.sla.thread.mini import mini_svg
from msp.itsm.sla.thread.receipt import receipt
from msp.itsm.sla.thread.scale import Row, Scale
from msp.itsm.sla.thread.strip import day_strip
from msp.itsm.sla.thread.view import Piece, ThreadView, Threshold, sentence

LONDON = ZoneInfo("Europe/London")
HOLIDAYS = (Holiday(date(2027, 3, 26), "Good Friday"), Holiday(date(2027, 3, 29), "Easter Monday"))
PRACTICE = Calendar("Europe/London", (((510, 750), (810, 1050)),) * 5 + ((),) * 2, HOLIDAYS)
ALWAYS = Calendar("Europe/London", (((0, 1440),),) * 7)
NIGHT_SHIFT = Calendar("Europe/London", (((1320, 1800),),) * 7)

Pauses = tuple[tuple[datetime, datetime | None], ...]


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2027, 3, day, hour, minute, tzinfo=LONDON).astimezone(UTC)


def read(
    start: datetime,
    now: datetime,
    hours: float,
    *,
    calendar: Calendar = PRACTICE,
    pauses: Pauses = (),
    stopped_at: datetime | None = None,
) -> Reading:
    """A resolution clock with steps at 50, 75 and 90 %."""
    version = CalendarVersion("c2", "c", "Practice hours", 2, calendar)
    steps = tuple(Step(f"{share}", percent=share) for share in (50, 75, 90, 100))
    targets = {"P2": {"resolution": Target(int(hours * 3600), "c")}}
    policy = Policy("p4", "p", "Gold", 4, targets, thresholds={"resolution": steps})
    facts = [Fact("opened", start, 0, "f0", Actor("Amelia Hart", "contact"), {"kind": "incident", "priority": "P2"})]
    agent = Actor("Priya Nair", "agent")
    for first, last in pauses:
        facts.append(Fact("waiting", first, len(facts), data={"state": "waiting_for_client"}, actor=agent))
        if last:
            facts.append(Fact("resumed", last, len(facts), actor=agent))
    if stopped_at:
        facts.append(Fact("resolved", stopped_at, len(facts), actor=agent))
    return clock.read(facts, Definitions((policy,), (version,)), RESOLUTION, now=now)


NORTHWIND = read(at(25, 14, 20), at(31, 10, 44), 12, pauses=((at(30, 9, 10), at(30, 11, 40)),))
OVER = read(at(22, 10), at(23, 14, 10), 9.5)


def rects(svg: str, css: str) -> list[tuple[float, float]]:
    """x and width, in per cent, of the rectangles of one class."""
    return [(float(x), float(w)) for x, w in re.findall(rf'<rect class="{css}" x="([\d.]+)%" y="36" width="([\d.]+)%"', svg)]


def where(svg: str, css: str) -> float:
    found = re.search(rf'<line class="{css}" x1="([\d.]+)%"', svg)
    assert found, f"no {css}"
    return float(found[1])


# --- Geometry ---------------------------------------------------------------------------------------------------------


def test_the_story_of_the_look_lies_where_the_look_says() -> None:
    """Minutes of scale from `look`: 190, a fold of 4 days 184, 40, 150 paused, 50, lunch 30, 240, night 54, 240."""
    svg = thread_svg(thread_view(NORTHWIND))
    total = 190 + 184 + 40 + 150 + 50 + 30 + 240 + 54 + 240
    drawn = [(x * total / 100, width * total / 100) for x, width in rects(svg, "used") + rects(svg, "pause-bg")]
    expected = [(0, 190), (374, 40), (564, 50), (644, 240), (938, 134), (414, 150)]
    assert [each for pair in drawn for each in pair] == pytest.approx([each for pair in expected for each in pair], abs=0.2)
    assert where(svg, "now-line") == pytest.approx(1072 / total * 100, abs=0.01)
    assert where(svg, "due-line") == pytest.approx(1138 / total * 100, abs=0.01)
    assert [name for name in ("Fri", "Sat", "Sun", "Mon") if f">{name}</text>" in svg] == ["Fri", "Sat", "Sun", "Mon"]
    assert svg.count("#t-cup") == svg.count("#t-moon") == 1


def test_equal_length_is_equal_target() -> None:
    view = thread_view(NORTHWIND)
    scale = Scale(view, 1.0)
    counted = sum(span.x1 - span.x0 for span in scale.spans if span.piece.kind == "window" and span.x1 <= scale.at(view.end_at))
    open_window = next(span for span in scale.spans if span.x0 < scale.at(view.end_at) < span.x1)
    assert counted + scale.at(view.end_at) - open_window.x0 == pytest.approx(view.used_seconds / 60)


@st.composite
def stories(draw: st.DrawFn) -> Reading:
    calendar = draw(st.sampled_from((PRACTICE, ALWAYS, NIGHT_SHIFT)))
    start = at(1, 0) + timedelta(minutes=draw(st.integers(0, 30 * 1440)))
    now = start + timedelta(minutes=draw(st.integers(0, 40 * 1440)))
    marks = sorted(draw(st.lists(st.integers(1, 30 * 1440), max_size=5, unique=True)))
    instants = [start + timedelta(minutes=mark) for mark in marks]
    ends: list[datetime | None] = [*instants[1::2]]
    if len(instants) % 2:
        ends.append(None)
    pauses = tuple(pair for pair in zip(instants[::2], ends, strict=True) if pair[0] <= now)
    pauses = tuple((first, last if last and last <= now else None) for first, last in pauses)
    is_open = bool(pauses) and pauses[-1][1] is None
    stopped_at = draw(st.sampled_from((None, now))) if not is_open else None
    return read(start, now, draw(st.sampled_from((0.25, 1, 4, 12, 80))), calendar=calendar, pauses=pauses, stopped_at=stopped_at)


@given(stories())
def test_everything_lies_inside_and_pieces_follow_each_other(reading: Reading) -> None:
    view = thread_view(reading)
    for first, second in pairwise(view.pieces):
        assert first.to_at == second.from_at
    assert view.pieces[0].from_at == view.start_at
    assert view.pieces[-1].to_at >= view.end_at
    scale = Scale(view, 1.0)
    assert all(0 <= span.x0 <= span.x1 <= scale.total for span in scale.spans)
    svg = thread_svg(view)
    assert all(0 <= float(number) <= 100 for number in re.findall(r'(?:x|x1|x2|cx|width)="(-?[\d.]+)%"', svg))
    for css in ("bead", "ghost", "used", "spent", "pause-bg"):
        assert all(x + width <= 100.02 for x, width in rects(svg, css))
    assert "nan" not in svg


@given(stories())
def test_the_pieces_add_up_to_what_the_engine_counted(reading: Reading) -> None:
    view = thread_view(reading)
    before = [piece for piece in view.pieces if piece.kind == "window" and piece.to_at <= view.end_at]
    whole = sum(piece.working_seconds for piece in before)
    running = next((piece for piece in view.pieces if piece.from_at < view.end_at < piece.to_at), None)
    assert whole <= view.used_seconds
    if running is None:
        assert whole == view.used_seconds
    elif running.kind == "window":
        assert view.used_seconds - whole <= running.working_seconds


@given(stories(), st.integers(0, 41 * 1440), st.integers(0, 41 * 1440))
def test_later_never_lies_further_left(reading: Reading, one: int, other: int) -> None:
    view = thread_view(reading)
    scale = Scale(view, 1.0)
    early, late = sorted((one, other))
    start = view.start_at
    assert scale.at(start + timedelta(minutes=early)) <= scale.at(start + timedelta(minutes=late)) + 1e-9


@given(stories())
def test_strip_and_receipt_can_always_be_made(reading: Reading) -> None:
    view = thread_view(reading)
    strip = day_strip(view)
    assert all(0 <= float(number) <= 100.1 for number in re.findall(r'(?:x|x1|width|cx)="(-?[\d.]+)%"', strip))
    assert strip.count("<dt>") <= 16
    assert receipt(reading).foot[0].sum == duration_words(view.used_seconds)
    assert sentence(view).startswith("Resolution clock.")


def test_a_long_story_is_drawn_with_few_pieces() -> None:
    long = read(at(1, 9), at(1, 9) + timedelta(days=700), 200)
    view = thread_view(long)
    assert len(view.pieces) <= 48
    assert len(thread_svg(view)) < 20_000
    assert len(day_strip(view)) < 20_000


def test_what_follows_the_knot_is_cut_short() -> None:
    half_hour = read(at(23, 8, 40), at(23, 8, 50), 0.5)
    svg = thread_svg(thread_view(half_hour))
    assert where(svg, "due-line") > 70  # the window runs on to 12:30, the picture does not


def test_every_day_round_the_clock_has_its_seam() -> None:
    svg = thread_svg(thread_view(read(at(27, 18, 40), at(28, 4, 30), 12, calendar=ALWAYS)))
    assert len(rects(svg, "used")) == 2
    assert rects(svg, "used")[0][1] == pytest.approx(rects(svg, "used")[1][0], abs=0.01)
    assert "Sun 28 March, 23 h: clocks go forward" in svg
    assert "skip-icon" not in svg


# --- States -----------------------------------------------------------------------------------------------------------


def test_over_is_pale_up_to_the_knot_and_full_past_it() -> None:
    svg = thread_svg(thread_view(OVER))
    knot = where(svg, "due-line")
    assert all(x + width <= knot + 0.01 for x, width in rects(svg, "used"))
    assert all(x >= knot - 0.01 for x, _ in rects(svg, "spent"))
    assert sum(width for _, width in rects(svg, "spent")) > 0


def test_paused_hides_the_due_flag_and_hatches_up_to_now() -> None:
    svg = thread_svg(thread_view(read(at(22, 10), at(23, 12), 11, pauses=((at(23, 9, 30), None),))))
    assert 'data-sla="paused"' in svg
    assert "due-line" not in svg
    x, width = rects(svg, "pause-bg")[0]
    assert x + width == pytest.approx(where(svg, "now-line"), abs=0.02)
    assert "Waiting for client" in svg


def test_a_paused_clock_shows_what_is_left_of_its_target_at_its_length() -> None:
    """17 minutes of 12 hours look like 17 of 720, however long the pause is; hatch and folds stand between."""
    view = thread_view(read(at(22, 10), at(22, 10, 30), 12, pauses=((at(22, 10, 17), None),)))
    svg = thread_svg(view)
    used = sum(width for _, width in rects(svg, "used"))
    now = where(svg, "now-line")
    left = sum(width for x, width in rects(svg, "bead") if x + width > now + 0.02)
    assert view.rest_at == at(23, 15, 13)
    assert used / (used + left) == pytest.approx(17 / 720, abs=0.002)
    assert used < 3
    assert "due-line" not in svg, "no promise is drawn while it stands still"


def test_a_clock_that_waits_with_nothing_left_has_no_rest() -> None:
    assert thread_view(read(at(22, 10), at(23, 12), 1, pauses=((at(22, 14), None),))).rest_at is None


def test_met_says_when_and_leaves_the_rest_pale() -> None:
    svg = thread_svg(thread_view(read(at(22, 10), at(24, 9), 9.5, stopped_at=at(23, 9, 50))))
    assert 'data-sla="met"' in svg
    assert ">Met 09:50</text>" in svg
    assert max(x + width for x, width in rects(svg, "used")) < max(x + width for x, width in rects(svg, "bead"))


def test_a_client_sees_calm_ink_and_no_escalation_until_it_is_late() -> None:
    calm = thread_svg(thread_view(NORTHWIND, for_client=True))
    assert 'data-sla="calm"' in calm
    assert "50 %" not in calm
    assert ">11:50</text>" in calm
    assert "Waiting for you" in calm
    assert "opening hours" in calm
    assert 'data-sla="over"' in thread_svg(thread_view(OVER, for_client=True))


def test_without_a_target_the_thread_is_bare() -> None:
    view = ThreadView("Response clock", "none", at(22, 10), at(22, 11), LONDON)
    svg = thread_svg(view)
    assert 'data-sla="none"' in svg
    assert "bead" not in svg
    assert sentence(view) == "Response clock. No target."


def test_a_pause_outside_hours_gives_nothing_back_and_draws_no_hatch() -> None:
    overnight = read(at(22, 10), at(23, 12), 11, pauses=((at(22, 17, 30), at(23, 8, 30)),))
    view = thread_view(overnight)
    assert [piece.gap for piece in view.pieces if piece.kind == "gap"] == ["lunch", "night", "lunch"]
    assert "pause-bg" not in thread_svg(view)
    still = thread_view(read(at(22, 10), at(22, 23), 11, pauses=((at(22, 18), None),)))
    assert [(piece.kind, piece.to_at) for piece in still.pieces if piece.from_at < at(22, 23)][-1] == ("gap", at(23, 8, 30))
    assert "pause-bg" not in thread_svg(still)


# --- Labels -----------------------------------------------------------------------------------------------------------


def test_a_label_turns_round_before_it_touches_another() -> None:
    row = Row(500)
    row.block(100, 110)
    assert row.place("50 %", 80, ("start", "end"), offset=7) == "end"
    assert row.place("50 %", 80, ("start", "end"), offset=7) is None
    assert row.place("75 %", 300, ("start", "end"), offset=7) == "start"


def test_due_and_now_win_over_thresholds() -> None:
    svg = thread_svg(thread_view(NORTHWIND))
    assert re.search(r'text-anchor="end">90 %<', svg)  # now stands at its right
    assert re.search(r'text-anchor="start">75 %<', svg)
    assert ">Due 11:50<" in svg
    assert ">10:44<" in svg


def test_the_due_flag_turns_when_now_has_passed_it() -> None:
    assert re.search(r'class="due-text" x="-7" y="0" text-anchor="end">Due 11:30<', thread_svg(thread_view(OVER)))


def test_the_pill_turns_at_the_left_edge() -> None:
    just_opened = thread_svg(thread_view(read(at(22, 10), at(22, 10, 1), 4)))
    assert 'class="now-pill" x="-6"' in just_opened
    assert 'class="now-pill" x="-36"' in thread_svg(thread_view(NORTHWIND))


@given(stories())
def test_hours_never_overlap(reading: Reading) -> None:
    width = 760
    svg = thread_svg(thread_view(reading), width=width)
    taken = []
    for x, anchor, text in re.findall(r'<text x="([\d.]+)%" y="63"(?: text-anchor="(\w+)")?>([^<]+)</text>', svg):
        length = len(text) * 6.2
        left = float(x) / 100 * width - {"": 0, "middle": length / 2, "end": length}[anchor]
        taken.append((left, left + length))
    for (_, right), (left, _) in pairwise(sorted(taken)):
        assert right <= left


def test_what_is_shown_is_escaped() -> None:
    evil = '"><script>'
    piece = Piece("pause", at(22, 10), at(22, 14), 9000, evil)
    view = ThreadView(evil, "risk", at(22, 10), at(22, 14), LONDON, (piece,), thresholds=(Threshold(evil, at(22, 11)),))
    assert "<script" not in thread_svg(view) + day_strip(view) + mini_svg(evil, 0.5)


# --- In words ---------------------------------------------------------------------------------------------------------


def test_the_sentence_holds_used_target_share_due_and_pauses() -> None:
    assert sentence(thread_view(NORTHWIND)) == (
        "Resolution clock. 10 h 54 of 12 h working hours used, 90.8 per cent. Due Wednesday 31 March 11:50. "
        "Paused once for 2 h 30. Details follow."
    )
    svg = thread_svg(thread_view(NORTHWIND), described_by="receipt-7")
    assert 'role="img"' in svg
    assert 'aria-describedby="receipt-7"' in svg


def test_the_receipt_counts_every_window_once() -> None:
    paper = receipt(NORTHWIND)
    assert [(row.kind, row.day, row.span, row.sum) for row in paper.rows] == [
        ("win", "Thu 25 Mar", "14:20–17:30", "3 h 10"),
        ("skip", "", "17:30–Tue 08:30", "not counted"),
        ("win", "Tue 30 Mar", "08:30–09:10", "0 h 40"),
        ("pause", "", "09:10–11:40", "2 h 30"),
        ("win", "", "11:40–12:30", "0 h 50"),
        ("skip", "", "12:30–13:30", "not counted"),
        ("win", "", "13:30–17:30", "4 h 00"),
        ("skip", "", "17:30–Wed 08:30", "not counted"),
        ("win", "Wed 31 Mar", "08:30–10:44", "2 h 14"),
    ]
    assert [(each.text, each.sum) for each in paper.foot] == [
        ("Used of 12 h 00", "10 h 54"),
        ("Left, from now to 11:50", "1 h 06"),
    ]
    assert "Good Friday, weekend, Easter Monday" in paper.rows[1].text
    assert any("09:20" in change and "11:50" in change for change in paper.changes)


def test_a_client_reads_the_same_sums() -> None:
    ours, theirs = receipt(NORTHWIND), receipt(NORTHWIND, for_client=True)
    assert [row.sum for row in ours.rows if row.kind == "win"] == [row.sum for row in theirs.rows if row.kind == "win"]
    assert theirs.rows[3].sum == "2 h 30 not counted"
    assert theirs.rows[0].span == "14:20 to 17:30"


def test_over_is_a_line_at_the_foot() -> None:
    assert receipt(OVER).foot[-1].text == "Over"
    assert receipt(OVER).foot[-1].tone == "bad"


# --- Strip ------------------------------------------------------------------------------------------------------------


def test_nights_are_shares_of_the_target() -> None:
    assert nights(thread_view(NORTHWIND)) == pytest.approx([190 / 720, (190 + 40 + 50 + 240) / 720])


def test_the_strip_tells_closed_days_in_words() -> None:
    strip = day_strip(thread_view(NORTHWIND))
    days = re.findall(r"<dt>([^<]*)</dt><dd>([^<]*)", strip)
    assert days == [
        ("Thu 25", ""),
        ("Fri 26", "closed, Good Friday"),
        ("Sat, Sun", "closed, weekend"),
        ("Mon 29", "closed, Easter Monday"),
        ("Tue 30", ""),
        ("Wed 31", ""),
        ("", ""),
    ]
    assert ">08:30</text>" in strip
    assert ">17:30</text>" in strip


def test_the_strip_of_an_overnight_shift_shows_both_days() -> None:
    strip = day_strip(thread_view(read(at(22, 23), at(23, 1), 6, calendar=NIGHT_SHIFT)))
    assert strip.count('class="used"') == 2
    assert ">00:00</text>" in strip
    assert ">24:00</text>" in strip
