"""The queue: what it shows, to whom, and how it is asked."""

import re
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from msp.itsm.tickets import listing
from tests.agent_console.conftest import MONDAY
from tests.support import statements

NOON = MONDAY + timedelta(hours=3.5)


def rows(page: Any) -> list[str]:
    """Each row as plain text."""
    found = re.findall(r'<tr id="t-.*?</tr>', page.get_data(as_text=True), re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in found]


def versions(text: str) -> list[str]:
    return re.findall(r'data-version="([^"]+)"', text)


def refs(page: Any) -> list[str]:
    return re.findall(r'class="c-ref ref">([^<]+)<', page.get_data(as_text=True))


def test_a_row_says_whose_what_how_urgent_and_until_when(desk: Any, acme: Any, opened: Any) -> None:
    ticket = opened(acme)
    page = desk.get("/queue", at=NOON)
    [row] = rows(page)
    for word in (
        acme.tenant.name,
        ticket.ref,
        "Printer on fire",
        ticket.requester_name,
        "New",
        "P3",
        "Due 30m",
        "Nobody",
        "3h",
    ):
        assert word in row
    text = page.get_data(as_text=True)
    assert 'class="unread"' in text
    assert 'data-state="at_risk"' in text
    assert 'aria-label="87 % of target used"' in text
    assert "style=" not in text
    assert page.headers["Cache-Control"] == "no-store"


def test_what_was_read_is_no_longer_bold(desk: Any, ticket: Any) -> None:
    assert 'class="unread"' in desk.get("/queue").get_data(as_text=True)
    assert desk.get(f"/tickets/{ticket.ref}").status_code == 200
    assert 'class="unread"' not in desk.get("/queue").get_data(as_text=True)


def test_a_limited_agent_sees_his_clients_only(desk: Any, sit: Any, acme: Any, birch: Any, opened: Any) -> None:
    mine, other = opened(acme, "Common word here"), opened(birch, "Common word there")
    everyone = sit(roles=("lead",))
    assert {mine.ref, other.ref} <= set(refs(everyone.get("/queue?q=common+sort:-created"))), "the control"
    for query in ("", "?q=common", f"?q=ref:{other.ref}", "?q=sort:-created"):
        page = desk.get(f"/queue{query}")
        assert other.ref not in refs(page)
        assert birch.tenant.name not in page.get_data(as_text=True)


def test_a_reference_leads_to_its_ticket_unless_it_is_another_clients(
    desk: Any, birch: Any, ticket: Any, opened: Any
) -> None:
    found = desk.get(f"/queue?q={ticket.ref.lower()}")
    assert (found.status_code, found.headers["Location"]) == (302, f"/tickets/{ticket.ref}")
    other = opened(birch)
    foreign, random = desk.get(f"/queue?q={other.ref}"), desk.get("/queue?q=NOBODY-77777")
    assert foreign.status_code == random.status_code == 200
    assert rows(foreign) == rows(random) == []


def test_an_error_points_at_its_characters_and_keeps_the_query(desk: Any, ticket: Any) -> None:
    page = desk.get("/queue?q=" + quote("is:open status:opne"))
    text = page.get_data(as_text=True)
    assert page.status_code == 422
    assert 'value="is:open status:opne"' in text
    assert 'data-error-at="15"' in text
    assert "<mark>opne</mark>" in text
    assert "Did you mean open?" in text
    assert desk.get("/queue?q=" + quote("client:<script>")).status_code == 422
    assert (
        "<script>"
        not in desk.get("/queue?q=" + quote('"<script>alert(1)</script>"')).get_data(as_text=True).split("<body")[1]
    )


def test_pages_lead_on_and_back(monkeypatch: pytest.MonkeyPatch, desk: Any, acme: Any, opened: Any) -> None:
    monkeypatch.setattr(listing, "PAGE", 2)
    made = [opened(acme, f"Number {n}", at=MONDAY + timedelta(hours=n)).ref for n in range(5)]

    def beside(page: Any, rel: str) -> str:
        found = re.search(rf'href="([^"]+)" rel="{rel}"', page.get_data(as_text=True))
        return found.group(1).replace("&amp;", "&") if found else ""

    first = desk.get("/queue?q=sort:created")
    second = desk.get(beside(first, "next"))
    third = desk.get(beside(second, "next"))
    assert refs(first) + refs(second) + refs(third) == made
    assert beside(first, "prev") == beside(third, "next") == ""
    assert refs(desk.get(beside(third, "prev"))) == refs(second)


def test_a_place_of_another_list_is_refused(desk: Any, ticket: Any) -> None:
    assert desk.get("/queue?q=sort:created&cursor=nonsense").status_code == 400


def test_heads_sort_and_turn_round(desk: Any, ticket: Any) -> None:
    text = desk.get("/queue?q=is:open+sort:due").get_data(as_text=True)
    assert 'aria-sort="ascending"' in text
    assert "/queue?q=is:open+sort:-due" in text
    assert "/queue?q=is:open+sort:priority" in text
    assert "/queue?q=is:open+sort:-created" in text


def test_a_live_list_fetches_its_rows_alone(desk: Any, ticket: Any) -> None:
    text = desk.get("/queue?q=is:open", **{"HX-Request": "true", "HX-Target": "rows"}).get_data(as_text=True)
    assert text.strip().startswith('<tbody id="rows"')
    assert ticket.ref in text
    assert "<html" not in text
    before = versions(text)
    desk.get(f"/tickets/{ticket.ref}")
    after = versions(desk.get("/queue?q=is:open").get_data(as_text=True))
    assert len(before) == len(after) == 1
    assert before != after, "a row that looks different has another version"


def test_suggestions_replace_the_word_at_the_cursor(desk: Any, acme: Any, birch: Any) -> None:
    def offered(text: str) -> list[str]:
        page = desk.get(f"/queue/suggest?q={quote(text)}&at={len(text)}").get_data(as_text=True)
        return re.findall(r'data-value="([^"]+)"', page)

    assert offered("is:open sta") == ["status:", "state:"]
    assert offered("is:open -status:res") == ["-status:resolved"]
    assert offered("client:") == [f"client:{acme.tenant.key.lower()}"], "only the agent's own clients are named"
    assert desk.get("/queue/suggest?q=status:&at=many").status_code == 200


def test_views_have_counts_of_their_own_reach(desk: Any, sit: Any, acme: Any, birch: Any, opened: Any) -> None:
    def counts(page: Any) -> list[str]:
        return re.findall(r'class="n[^"]*">(\d+)<', page.get_data(as_text=True))[:6]

    opened(acme, impact=1, urgency=1)
    opened(acme, impact=3, urgency=3)
    assert counts(desk.get("/queue", at=NOON)) == ["2", "1", "2", "0", "0", "0"]
    assert counts(sit(birch).get("/queue", at=NOON)) == ["0"] * 6
    text = desk.get("/queue", at=NOON).get_data(as_text=True)
    assert 'class="badge">2<' in text


def test_an_open_page_asks_for_its_counts(desk: Any, sit: Any, acme: Any, birch: Any, opened: Any) -> None:
    opened(acme, impact=1, urgency=1)
    told = desk.get("/queue/counts?q=priority:1", at=NOON).get_json()
    assert told["here"] == "1"
    assert told["views"]["is:open sort:due"] == told["views"]["is:open sla:risk,breached sort:due"] == "1"
    other = sit(birch).get("/queue/counts?q=priority:1", at=NOON).get_json()
    assert other["here"] == "0"
    assert set(other["views"].values()) == {"0"}
    assert desk.get("/queue/counts?q=status:nonsense").get_json()["here"] is None


def test_a_page_takes_as_many_questions_for_many_rows_as_for_one(
    console_app: Any, desk: Any, acme: Any, opened: Any
) -> None:
    def asked(query: str) -> int:
        counts = []
        for _ in range(3):  # what is remembered for seconds may have to be asked for anew in one of them
            with statements.counted(console_app) as sent:
                assert desk.get(f"/queue?q={query}").status_code == 200
            counts.append(len(sent))
        return min(counts)

    opened(acme)
    few = asked("is:open+sort:due")
    for number in range(8):
        opened(acme, f"Number {number}")
    assert asked("is:open+sort:due") == few
    assert few <= 12
    assert asked("smells+assignee:none") <= 13


def test_rows_can_be_higher(desk: Any, ticket: Any) -> None:
    assert 'data-density="compact"' in desk.get("/queue").get_data(as_text=True)
    answer = desk.post("/queue/density", density="comfortable", q="is:open")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/queue?q=is:open")
    assert 'data-density="comfortable"' in desk.get("/queue").get_data(as_text=True)
    assert desk.post("/queue/density", density="enormous").status_code == 422


def test_the_queue_is_for_agents(console: Any, ticket: Any) -> None:
    answer = console.get("/queue")
    assert answer.status_code == 302
    assert "/sign-in" in answer.headers["Location"]


def test_a_reader_reads_and_is_offered_nothing_else(sit: Any, acme: Any, ticket: Any) -> None:
    reader = sit(acme, roles=("read_only",))
    text = reader.get("/queue").get_data(as_text=True)
    assert ticket.ref in text
    assert "New ticket" not in text
    assert 'data-dialog="bulk-assign"' not in text


def test_an_empty_list_says_what_would_be_here(desk: Any) -> None:
    assert "would stand in this list" in desk.get("/queue").get_data(as_text=True)
