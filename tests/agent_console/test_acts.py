"""What an agent does to a ticket: saved with state, timeline and clock, or refused with nothing lost."""

import re
from datetime import timedelta
from typing import Any

import pytest

from msp.core import clock
from msp.core.ids import new_id
from msp.itsm.sla import queries as sla
from msp.itsm.tickets import queries
from msp.itsm.tickets.models import Category
from msp.itsm.tickets.services import conversation, triage
from tenants.services import clients
from tests.agent_console.conftest import MONDAY, TEN
from tests.support import world

ACTS = (
    "reply",
    "note",
    "status",
    "acknowledge",
    "assign",
    "classify",
    "requester",
    "tags",
    "followers",
    "refile",
    "refile/at-client",
)


def clocks(desk: Any, ticket: Any) -> dict[str, Any]:
    with world.acting(desk.app, desk.actor):
        return {row.kind: row for row in sla.clocks(ticket.tenant_id, [ticket.id])}


def plain(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True)).split())


# --- Writing ---------------------------------------------------------------------------------------------------------


def test_a_reply_answers_the_ticket_and_pauses_its_clock(desk: Any, ticket: Any) -> None:
    answer = desk.post(
        f"/tickets/{ticket.ref}/reply?q=is:open", body="Which printer?\r\nThe red one?", then="waiting_for_client",
        reason="Asked which printer it is", seen_messages="1",
    )  # fmt: skip
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/tickets/{ticket.ref}?q=is:open&sent=public"
    assert desk.messages(ticket)[-1] == ("Which printer?\nThe red one?", False)
    now = desk.ticket(ticket)
    assert (now.status, now.waiting_reason) == ("waiting_for_client", "Asked which printer it is")
    found = clocks(desk, ticket)
    assert (found["response"].outcome, found["resolution"].standing) == ("met", "paused")
    assert desk.told(ticket)[-2:] == ["replied", "moved"]
    page = desk.get(answer.headers["Location"])
    assert 'data-sent="public"' in page.get_data(as_text=True)
    assert "Sent to 1 person." in plain(page)
    assert "Sent to 1 person." not in plain(desk.get(f"/tickets/{ticket.ref}")), "said once"


def test_a_reply_that_is_refused_keeps_its_text(desk: Any, ticket: Any) -> None:
    answer = desk.post(
        f"/tickets/{ticket.ref}/reply", body="A long & careful text", then="waiting_for_client", reason=" "
    )
    assert answer.status_code == 422
    html = answer.get_data(as_text=True)
    assert "A long &amp; careful text</textarea>" in html
    assert 'data-composer data-mode="public"' in html
    assert '<option value="waiting_for_client" selected' in html
    assert "Say what it waits for" in html
    assert desk.ticket(ticket).status == "new"
    assert len(desk.messages(ticket)) == 1
    assert desk.post(f"/tickets/{ticket.ref}/reply", body="   ").status_code == 422


def test_a_reply_waits_until_new_messages_are_read(console_app: Any, desk: Any, acme: Any, ticket: Any) -> None:
    requester = acme.actor()
    with clock.at(TEN), world.acting(console_app, requester):
        conversation.reply(ticket.id, "It stopped by itself.", by=requester)
    answer = desk.post(f"/tickets/{ticket.ref}/reply", body="We come with water.", seen_messages="1")
    html = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "1 new message since you began" in html
    assert "We come with water.</textarea>" in html
    assert "It stopped by itself." in html
    assert 'name="seen_messages" value="2"' in html
    assert desk.post(f"/tickets/{ticket.ref}/reply", body="Good.", seen_messages="2").status_code == 303


def test_a_note_stays_in_the_house(desk: Any, acme: Any, ticket: Any, portal_of: Any) -> None:
    answer = desk.post(f"/tickets/{ticket.ref}/note", body="They set it on fire.")
    assert answer.headers["Location"] == f"/tickets/{ticket.ref}?compose=note&sent=note"
    assert desk.messages(ticket)[-1] == ("They set it on fire.", True)
    assert clocks(desk, ticket)["response"].standing == "running", "a note answers nobody"
    empty = desk.post(f"/tickets/{ticket.ref}/note", body="")
    assert empty.status_code == 422
    assert 'data-composer data-mode="note"' in empty.get_data(as_text=True)


# --- Status, people, classification ----------------------------------------------------------------------------------


def test_the_status_moves_with_its_reason(desk: Any, ticket: Any) -> None:
    refused = desk.post(f"/tickets/{ticket.ref}/status", status="waiting_for_supplier", dialog="status", version="1")
    assert refused.status_code == 422
    assert 'id="status" aria-labelledby="status-title" data-open' in refused.get_data(as_text=True)
    assert "Say what it waits for" in plain(refused)
    moved = desk.post(
        f"/tickets/{ticket.ref}/status",
        status="waiting_for_supplier",
        reason="Toner ordered",
        dialog="status",
        version="1",
    )
    assert moved.status_code == 303
    assert desk.ticket(ticket).waiting_reason == "Toner ordered"
    again = desk.post(f"/tickets/{ticket.ref}/status", status="resolved", version="2")
    assert again.status_code == 303
    assert clocks(desk, ticket)["resolution"].outcome == "met"
    assert "Reopen" in plain(desk.get(f"/tickets/{ticket.ref}"))


def test_an_impossible_move_is_told_in_the_dialog(desk: Any, ticket: Any) -> None:
    desk.post(f"/tickets/{ticket.ref}/status", status="cancelled")
    answer = desk.post(f"/tickets/{ticket.ref}/status", status="open", dialog="status")
    assert answer.status_code == 409
    assert "A ticket cannot go from “Cancelled” to “In progress”." in plain(answer)
    assert desk.post(f"/tickets/{ticket.ref}/status", status="nonsense").status_code == 422


def test_acknowledging_stops_the_response_clock(desk: Any, ticket: Any) -> None:
    assert "Acknowledge" in plain(desk.get(f"/tickets/{ticket.ref}"))
    assert desk.post(f"/tickets/{ticket.ref}/acknowledge").status_code == 303
    assert clocks(desk, ticket)["response"].outcome == "met"
    assert desk.ticket(ticket).status == "open"
    assert "Acknowledge" not in plain(desk.get(f"/tickets/{ticket.ref}"))


def test_it_is_given_to_somebody_who_may_work_for_the_client(desk: Any, acme: Any, birch: Any, ticket: Any) -> None:
    path = f"/tickets/{ticket.ref}/assign"
    assert desk.post(path, assignee=str(desk.actor.id), team="", version="1").status_code == 303
    assert desk.ticket(ticket).assignee_name == desk.actor.name
    stranger = world.agent(desk.app, clients=[birch.id])[1]
    for nobody in (stranger.id, new_id(), acme.people["manager"].id):
        refused = desk.post(path, assignee=str(nobody), team="")
        assert refused.status_code == 422
        assert "cannot work for this client" in plain(refused)
    assert desk.post(path, assignee="me").status_code == 422
    assert desk.ticket(ticket).assignee_name == desk.actor.name


def test_impact_gives_the_priority_and_the_clock_is_read_anew(desk: Any, ticket: Any) -> None:
    path = f"/tickets/{ticket.ref}/classify"
    assert desk.post(path, impact="1", version="1").status_code == 303
    assert desk.ticket(ticket).priority == 2
    assert clocks(desk, ticket)["response"].due_at == MONDAY + timedelta(hours=1), "from the opening, not from now"
    assert desk.post(path, priority="4", version="2").status_code == 303
    assert "Set by hand" in plain(desk.get(f"/tickets/{ticket.ref}"))
    for wrong in ({"impact": "9"}, {"impact": "high"}, {"version": "x", "impact": "1"}, {"site": "nowhere"}):
        assert desk.post(path, **wrong).status_code == 422


def test_category_site_subject_and_tags(console_app: Any, desk: Any, acme: Any, ticket: Any) -> None:
    with world.as_staff(console_app) as by:
        site = clients.add_site(acme.id, "Head office", by=by)
        from msp.core.db import db

        category = Category(tenant_id=acme.id, id=new_id(), name="Printer", path="Hardware / Printer")
        db.session.add(category)
    path = f"/tickets/{ticket.ref}/classify"
    assert desk.post(path, category=str(category.id)).status_code == 303
    assert desk.post(path, site=str(site.id)).status_code == 303
    assert desk.post(path, subject="Printer is out again", dialog="subject").status_code == 303
    assert desk.post(f"/tickets/{ticket.ref}/tags", tags="Paper, fire  fire").status_code == 303
    now = desk.ticket(ticket)
    assert (now.category_id, now.site_id, now.subject) == (category.id, site.id, "Printer is out again")
    with world.acting(console_app, desk.actor):
        assert queries.tags(now) == ["fire", "paper"]
    assert desk.post(path, category=str(new_id())).status_code == 422
    wrong = desk.post(f"/tickets/{ticket.ref}/tags", tags="<b>")
    assert wrong.status_code == 422
    assert "is no tag" in plain(wrong)
    empty = desk.post(path, subject=" ", dialog="subject")
    assert empty.status_code == 422
    assert 'id="subject" aria-labelledby="subject-title" data-open' in empty.get_data(as_text=True)


def test_followers_come_and_go(desk: Any, acme: Any, birch: Any, ticket: Any) -> None:
    path, manager = f"/tickets/{ticket.ref}/followers", acme.people["manager"]
    assert desk.post(path, contact=f"{manager.name} <{manager.e_mail}>", dialog="follow").status_code == 303
    assert desk.post(path, agent=str(desk.actor.id), dialog="follow").status_code == 303
    with world.acting(desk.app, desk.actor):
        known = {each.name: each.id for each in queries.followers(ticket)}
    assert set(known) == {manager.name, desk.actor.name}
    assert "Send to 3 people" in plain(desk.get(f"/tickets/{ticket.ref}"))
    for typed, words in (("Nobody At All", "Nobody at this client"), (acme.tenant.name, "Several people fit")):
        refused = desk.post(path, contact=typed, dialog="follow")
        assert refused.status_code == 422
        assert words in plain(refused)
        assert f'value="{typed}"' in refused.get_data(as_text=True)
    stranger = desk.post(path, agent=str(new_id()), dialog="follow")
    assert stranger.status_code == 422
    assert "This agent cannot work for this client." in plain(stranger)
    foreign = birch.people["manager"]
    assert desk.post(path, contact=foreign.e_mail, dialog="follow").status_code == 422
    assert desk.post(f"{path}/{known[manager.name]}/remove").status_code == 303
    assert "Send to 2 people" in plain(desk.get(f"/tickets/{ticket.ref}"))


# --- Collisions ------------------------------------------------------------------------------------------------------


def test_a_stale_page_is_told_what_it_did_not_save(
    console_app: Any, desk: Any, sit: Any, acme: Any, ticket: Any
) -> None:
    other = sit(acme).actor
    with clock.at(TEN), world.acting(console_app, other):
        triage.assign(ticket.id, by=other, assignee_id=other.id)
    for hx in (False, True):
        answer = desk.post(f"/tickets/{ticket.ref}/classify", urgency="1", version="1", hx=hx)
        assert answer.status_code == 412
        text = plain(answer)
        assert "Somebody else changed this in the meantime" in text
        assert "Not saved: Urgency “High”." in text
        assert other.name in text, "the page shows what they saved"
        assert 'name="version" value="2"' in answer.get_data(as_text=True)
    assert desk.ticket(ticket).urgency == 2
    assert desk.post(f"/tickets/{ticket.ref}/classify", urgency="1", version="2").status_code == 303


def test_an_act_with_script_sends_every_region_but_the_composer(desk: Any, ticket: Any) -> None:
    answer = desk.post(f"/tickets/{ticket.ref}/classify", impact="1", version="1", hx=True)
    html = answer.get_data(as_text=True)
    assert answer.status_code == 200
    for region in ("acts", "facts", "clocks", "conversation", "side"):
        assert re.search(rf'id="{region}"[^>]*hx-swap-oob="true"', html), region
    assert "composer" not in html
    assert "<html" not in html


# --- Refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("act", ACTS)
def test_a_reader_may_not(sit: Any, acme: Any, ticket: Any, act: str) -> None:
    reader = sit(acme, roles=("read_only",))
    answer = reader.post(f"/tickets/{ticket.ref}/{act}", body="x", status="resolved", impact="1", tags="x", contact="x")
    assert answer.status_code == 403
    now = reader.ticket(ticket)
    assert (now.status, now.impact, now.version) == ("new", 2, 1)
    assert reader.told(ticket) == ["opened"]


@pytest.mark.parametrize("act", [*ACTS, "followers/0193b5a0-0000-7000-8000-000000000000/remove"])
def test_another_clients_ticket_is_not_there(desk: Any, birch: Any, opened: Any, act: str) -> None:
    other = opened(birch)
    fields = {"body": "x", "status": "resolved", "impact": "1", "tags": "x", "contact": "x"}
    foreign = desk.post(f"/tickets/{other.ref}/{act}", **fields)
    random = desk.post(f"/tickets/NOBODY-77777/{act}", **fields)
    assert foreign.status_code == random.status_code == 404


def test_a_form_without_its_token_is_refused(desk: Any, ticket: Any) -> None:
    answer = desk.client.post(f"/tickets/{ticket.ref}/status", data={"status": "resolved"})
    assert answer.status_code == 400
    assert desk.ticket(ticket).status == "new"
