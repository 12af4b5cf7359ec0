"""One act on the selected rows."""

import re
from typing import Any

import pytest

from msp.core.ids import new_id
from tests.support import world


def plain(page: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.get_data(as_text=True)).split())


@pytest.fixture
def three(acme: Any, opened: Any) -> list[Any]:
    return [opened(acme, f"Number {number}") for number in range(3)]


def chosen(tickets: list[Any]) -> list[str]:
    return [str(ticket.id) for ticket in tickets]


def test_all_selected_are_assigned(desk: Any, three: list[Any]) -> None:
    answer = desk.post("/queue/bulk", act="mine", ticket_id=chosen(three), q="is:open sort:due")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/queue?q=is:open+sort:due")
    assert {desk.ticket(ticket).assignee_name for ticket in three} == {desk.actor.name}
    page = desk.get(answer.headers["Location"])
    assert "3 tickets changed." in plain(page)
    assert "3 tickets changed." not in plain(desk.get("/queue"))


def test_what_fails_is_told_by_reference_and_left_alone(desk: Any, three: list[Any]) -> None:
    desk.post(f"/tickets/{three[1].ref}/status", status="cancelled")
    answer = desk.post("/queue/bulk", act="status", status="resolved", ticket_id=chosen(three))
    page = plain(desk.get(answer.headers["Location"]))
    assert "2 of 3 tickets changed; the others are as they were." in page
    assert f"{three[1].ref} A ticket cannot go from “Cancelled” to “Resolved”." in page
    assert [desk.ticket(ticket).status for ticket in three] == ["resolved", "cancelled", "resolved"]


def test_a_state_that_needs_a_reason_gets_one(desk: Any, three: list[Any]) -> None:
    desk.post("/queue/bulk", act="status", status="waiting_for_client", ticket_id=chosen(three))
    assert {desk.ticket(ticket).status for ticket in three} == {"new"}
    desk.post("/queue/bulk", act="status", status="waiting_for_client", reason="Asked all", ticket_id=chosen(three))
    assert {desk.ticket(ticket).waiting_reason for ticket in three} == {"Asked all"}


def test_priority_and_an_agent_keep_the_team(console_app: Any, desk: Any, three: list[Any]) -> None:
    from tenants.services import people

    with world.as_staff(console_app) as by:
        team = people.add_team(world.unique("Network "), by=by)
    desk.post("/queue/bulk", act="assign", assignee="", team=str(team.id), ticket_id=chosen(three))
    desk.post("/queue/bulk", act="mine", ticket_id=chosen(three))
    desk.post("/queue/bulk", act="priority", priority="1", ticket_id=chosen(three[:1]))
    now = [desk.ticket(ticket) for ticket in three]
    assert [(t.team_id, t.assignee_id) for t in now] == [(team.id, desk.actor.id)] * 3
    assert [t.priority for t in now] == [1, 3, 3]


def test_tickets_of_others_are_not_there(desk: Any, birch: Any, opened: Any, three: list[Any]) -> None:
    other = opened(birch)

    def told(stranger: Any) -> str:
        answer = desk.post("/queue/bulk", act="mine", ticket_id=[str(stranger), *chosen(three[:1])])
        return re.sub(r".*?(\d of \d tickets.*?)Client.*", r"\1", plain(desk.get(answer.headers["Location"])))

    assert told(other.id) == told(new_id())
    assert "1 of 2 tickets changed" in told(other.id)
    assert other.ref not in told(other.id)
    everyone = world.agent(desk.app, "lead")[1]
    with world.acting(desk.app, everyone):
        from msp.itsm.tickets import queries

        assert queries.visible_ticket(other.id, by=everyone).assignee_id is None


def test_a_reader_may_not(sit: Any, acme: Any, three: list[Any]) -> None:
    reader = sit(acme, roles=("read_only",))
    for act in ("mine", "assign", "status", "priority"):
        answer = reader.post("/queue/bulk", act=act, status="resolved", priority="1", ticket_id=chosen(three))
        assert answer.status_code == 403
    assert {reader.ticket(ticket).version for ticket in three} == {1}


def test_what_cannot_be_read_is_refused(desk: Any, three: list[Any]) -> None:
    assert desk.post("/queue/bulk", act="explode", ticket_id=chosen(three)).status_code == 422
    assert desk.post("/queue/bulk", act="mine").status_code == 422
    assert desk.post("/queue/bulk", act="mine", ticket_id="nonsense").status_code == 422
    assert desk.post("/queue/bulk", act="priority", ticket_id=chosen(three)).status_code == 422


def test_all_that_match_are_changed_beyond_the_page(desk: Any, three: list[Any], monkeypatch: Any) -> None:
    from msp.itsm.tickets import listing
    from msp.itsm.tickets.services import bulk

    monkeypatch.setattr(listing, "PAGE", 2)
    assert 'data-pick-matching="3"' in desk.get("/queue?q=is:open+sort:due").text
    answer = desk.post("/queue/bulk", act="mine", matching="1", ticket_id=chosen(three[:2]), q="is:open sort:due")
    assert answer.status_code == 303
    assert {desk.ticket(ticket).assignee_name for ticket in three} == {desk.actor.name}
    monkeypatch.setattr(bulk, "MOST", 2)
    refused = desk.post("/queue/bulk", act="priority", priority="1", matching="1", q="is:open")
    assert (refused.status_code, "More than 2 tickets match" in refused.text) == (422, True)
    assert {desk.ticket(ticket).priority for ticket in three} == {3}
    assert desk.post("/queue/bulk", act="mine", matching="1", q="colour:red").status_code == 422
