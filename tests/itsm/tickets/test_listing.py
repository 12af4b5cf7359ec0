"""The queue: what each agent finds, in which order, page by page, and how many questions that takes."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from msp.core import clock
from msp.core.db import db
from msp.core.query.errors import QueryError
from msp.itsm.sla import queries as sla
from msp.itsm.tickets import listing
from msp.itsm.tickets.services import conversation, moves, opening, triage
from tests.support import statements, world

MONDAY = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)  # London keeps UTC in winter; the calendar is Mon-Fri 09:00-17:00
LONDON = ZoneInfo("Europe/London")
HOUR = timedelta(hours=1)


def tickets(app: Any, company: Any, *subjects: str, **options: Any) -> list[Any]:
    """Incidents opened by the requester on Monday at nine."""
    requester = company.actor()
    with clock.at(MONDAY), world.acting(app, requester):
        return [opening.open_ticket(company.id, subject, by=requester, **options) for subject in subjects]


def found(app: Any, by: Any, text: str, at: datetime = MONDAY, **options: Any) -> listing.Listing:
    with clock.at(at), world.acting(app, by):
        return listing.listing(listing.asked(text, by=by, tz=LONDON), by=by, **options)


def subjects(page: listing.Listing) -> list[str]:
    return [row.ticket.subject for row in page.rows]


@pytest.fixture
def agent(console_app: Any, acme: Any) -> Any:
    """An agent who sees this test's clients only, so that the tickets of other tests do not matter."""
    return world.agent(console_app, clients=[acme.id])[1]


@pytest.fixture
def work(console_app: Any, acme: Any, agent: Any) -> dict[str, Any]:
    """A ticket in each standing, seen on Monday at 12:30: the response of P1 is due 09:30, of P3 13:00, of P4 17:00."""
    [late] = tickets(console_app, acme, "Server down", impact=1, urgency=1)
    [risk] = tickets(console_app, acme, "Printer jams", body="The tray sticks.")
    [fine] = tickets(console_app, acme, "New mouse", impact=3, urgency=3)
    [waits] = tickets(console_app, acme, "Which screen", impact=3, urgency=3)
    [done] = tickets(console_app, acme, "Password", impact=3, urgency=3)
    with clock.at(MONDAY + HOUR), world.acting(console_app, agent):
        conversation.reply(waits.id, "Which one?", by=agent, then="waiting_for_client", reason="Asked which one")
        conversation.reply(done.id, "Done.", by=agent, then="resolved")
        triage.assign(risk.id, by=agent, assignee_id=agent.id)
        triage.set_tags(risk.id, ["paper"], by=agent)
    return {"late": late, "risk": risk, "fine": fine, "waits": waits, "done": done}


NOON = MONDAY + 3.5 * HOUR


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("is:open sort:due", ["Server down", "Printer jams", "New mouse", "Which screen"]),
        ("is:open sort:-due", ["New mouse", "Printer jams", "Server down", "Which screen"]),
        ("sla:breached", ["Server down"]),
        ("sla:risk", ["Printer jams"]),
        ("sla:ok", ["New mouse"]),
        ("sla:paused", ["Which screen"]),
        ("sla:met", ["Password"]),
        ("status:waiting", ["Which screen"]),
        ("-status:waiting is:open sort:priority", ["Server down", "Printer jams", "New mouse"]),
        ("assignee:me", ["Printer jams"]),
        ("assignee:none priority:<=1", ["Server down"]),
        ("tag:paper", ["Printer jams"]),
        ("is:open -tag:paper priority:4 sort:due", ["New mouse", "Which screen"]),
        ("printer", ["Printer jams"]),
        ('"tray sticks"', ["Printer jams"]),
        ("tray mouse", []),
        ("is:answered sort:-updated", ["Password", "Which screen"]),
        ("created:2027-03-01 due:<2027-03-01T10:00", ["Server down"]),
    ],
)
def test_the_language_finds_what_it_says(
    console_app: Any, agent: Any, work: Any, text: str, expected: list[str]
) -> None:
    assert subjects(found(console_app, agent, text, NOON)) == expected


def test_clients_and_people_are_found_by_name(console_app: Any, acme: Any, agent: Any, work: Any) -> None:
    for text in (f"client:{acme.tenant.key.lower()}", f"client:{acme.tenant.name}", f"client:{acme.tenant.name[:-1]}"):
        assert len(found(console_app, agent, text, NOON).rows) == 5
    assert subjects(found(console_app, agent, f'assignee:"{agent.name}"', NOON)) == ["Printer jams"]


def test_a_limited_agent_finds_nothing_of_other_clients(
    console_app: Any, acme: Any, birch: Any, agent: Any, work: Any
) -> None:
    tickets(console_app, birch, "Printer of others", impact=1, urgency=1)
    everyone = world.agent(console_app, "lead")[1]
    assert "Printer of others" in subjects(found(console_app, everyone, "is:open sort:-created", NOON)), "the control"
    assert found(console_app, everyone, "printer others", NOON).rows
    assert not found(console_app, agent, "printer others", NOON).rows
    assert {row.client.id for row in found(console_app, agent, "is:open", NOON).rows} == {acme.id}
    with pytest.raises(QueryError) as refused:
        found(console_app, agent, f"client:{birch.tenant.key}")
    with pytest.raises(QueryError) as random:
        found(console_app, agent, "client:NOBODY")
    assert refused.value.reason == random.value.reason == "unknown_value"
    assert set(refused.value.suggestions) <= {acme.tenant.key.lower()}


def test_several_clients_are_merged_in_one_order(console_app: Any, acme: Any, birch: Any) -> None:
    both = world.agent(console_app, clients=[acme.id, birch.id])[1]
    for number, company in enumerate((acme, birch, acme, birch)):
        requester = company.actor()
        with clock.at(MONDAY + number * HOUR), world.acting(console_app, requester):
            opening.open_ticket(company.id, f"Number {number}", by=requester)
    pages, cursor = [], None
    for _ in range(4):
        page = found(console_app, both, "is:open sort:due", limit=1, cursor=cursor)
        pages += subjects(page)
        cursor = page.next
    assert pages == ["Number 0", "Number 1", "Number 2", "Number 3"]
    assert cursor is None
    back = found(console_app, both, "is:open sort:due", limit=2, cursor=page.previous)
    assert subjects(back) == ["Number 1", "Number 2"]


def test_pages_run_over_the_rows_without_a_due_instant(console_app: Any, agent: Any, work: Any) -> None:
    seen, cursor = [], None
    while True:
        page = found(console_app, agent, "is:open sort:due", NOON, limit=3, cursor=cursor)
        seen += subjects(page)
        cursor = page.next
        if cursor is None:
            break
    assert seen == ["Server down", "Printer jams", "New mouse", "Which screen"]


def test_a_row_says_what_its_clock_says(console_app: Any, agent: Any, work: Any) -> None:
    rows = {row.ticket.subject: row for row in found(console_app, agent, "sort:due", NOON).rows}
    for name, ticket in work.items():
        shown = rows[ticket.subject].pace
        with clock.at(NOON), world.acting(console_app, agent):
            read = sla.read(ticket.tenant_id, ticket.id, shown.kind, now=NOON).current
        assert (shown.state, shown.used_seconds, shown.target_seconds) == (
            read.state, read.elapsed_seconds, read.target_seconds,
        ), name  # fmt: skip
    assert rows["Server down"].pace.over_seconds == 3 * 3600
    assert rows["Printer jams"].pace.ticks_until == MONDAY + 8 * HOUR
    assert rows["Which screen"].pace.paused_at == MONDAY + HOUR


def test_a_night_on_the_way_is_a_notch(console_app: Any, acme: Any, agent: Any) -> None:
    [ticket] = tickets(console_app, acme, "Long work", impact=3, urgency=3)
    with clock.at(MONDAY + HOUR), world.acting(console_app, agent):
        moves.acknowledge(ticket.id, by=agent)
    [row] = found(console_app, agent, "", MONDAY + HOUR).rows
    assert row.pace.kind == "resolution"
    assert row.pace.nights == pytest.approx([1 / 6, 2 / 6, 3 / 6, 4 / 6, 5 / 6]), "48 hours are six days of eight"


def test_what_changed_since_it_was_read_is_unread(console_app: Any, agent: Any, work: Any) -> None:
    def unread() -> set[str]:
        return {row.ticket.subject for row in found(console_app, agent, "is:open", NOON).rows if row.is_unread}

    assert "Server down" in unread()
    with clock.at(NOON), world.acting(console_app, agent):
        conversation.mark_read(work["late"], by=agent)
    assert "Server down" not in unread()


def test_counts_of_all_views_are_one_statement(console_app: Any, agent: Any, work: Any) -> None:
    views = {
        "open": "is:open", "late": "is:open sla:breached", "mine": "is:open assignee:me", "done": "status:resolved",
    }  # fmt: skip
    with clock.at(NOON), world.acting(console_app, agent):
        wanted = {name: listing.asked(text, by=agent, tz=LONDON) for name, text in views.items()}
        with statements.counted(console_app) as sent:
            assert listing.counts(wanted, by=agent) == {"open": 4, "late": 1, "mine": 1, "done": 1}
        assert sum("FROM ticket" in statement for statement in sent) == 1
        assert listing.counts({"done": wanted["done"]}, by=agent) == {"done": 1}
        assert listing.total(wanted["open"], by=agent) == 4


def test_many_are_not_counted_to_the_end(console_app: Any, agent: Any, work: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "MOST_COUNTED", 3)
    with clock.at(NOON), world.acting(console_app, agent):
        wanted = {"all": listing.asked("is:open", by=agent, tz=LONDON), "mine": listing.asked("is:open assignee:me", by=agent, tz=LONDON)}
        found = listing.counts(wanted, by=agent)
    assert {name: listing.in_words(number) for name, number in found.items()} == {"all": "3+", "mine": "1"}


def test_a_page_asks_as_much_for_one_row_as_for_many(console_app: Any, acme: Any, agent: Any) -> None:
    def asked() -> int:
        with statements.counted(console_app) as sent:
            found(console_app, agent, "is:open sort:due")
        return len(sent)

    tickets(console_app, acme, "One")
    found(console_app, agent, "is:open")  # compiles the calendar
    few = asked()
    tickets(console_app, acme, *(f"Another {number}" for number in range(12)))
    assert asked() == few <= 4


@pytest.mark.parametrize("clients", ["all", "some"])
def test_the_default_list_walks_the_index_of_open_tickets(
    console_app: Any, acme: Any, agent: Any, work: Any, clients: str
) -> None:
    reader = agent if clients == "some" else world.agent(console_app, "lead")[1]
    with statements.counted(console_app) as sent:
        assert found(console_app, reader, "is:open sort:due").rows
    [statement] = [each for each in sent if "LIMIT" in each]
    literal = re.sub(r"%\(\w+\)s::(\w+)\[\]", f"ARRAY['{acme.id}'::uuid]", statement)
    literal = re.sub(r"%\(\w+\)s::INTEGER", "51", literal)
    with world.acting(console_app, reader):
        for setting in ("enable_seqscan", "enable_sort", "enable_bitmapscan"):
            db.session.execute(sa.text(f"SET LOCAL {setting} = off"))
        plan = " ".join(db.session.scalars(sa.text(f"EXPLAIN {literal}")))
    assert ("ix_ticket_queue" if clients == "all" else "ix_ticket_client_queue") in plan, plan


def test_neighbours_follow_the_list(console_app: Any, agent: Any, work: Any) -> None:
    with clock.at(NOON), world.acting(console_app, agent):
        wanted = listing.asked("is:open sort:due", by=agent, tz=LONDON)
        rows = {row.ticket.subject: row.ticket for row in listing.listing(wanted, by=agent).rows}
        assert listing.neighbours(rows["Server down"], wanted, by=agent) == (None, work["risk"].ref)
        assert listing.neighbours(rows["New mouse"], wanted, by=agent) == (work["risk"].ref, work["waits"].ref)
        assert listing.neighbours(rows["Which screen"], wanted, by=agent) == (work["fine"].ref, None)
