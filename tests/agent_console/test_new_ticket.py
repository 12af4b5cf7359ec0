"""Opening a ticket for somebody, and re-filing one."""

import re
from typing import Any

import pytest

from msp.core.ids import new_id
from msp.itsm.sla import queries as sla
from msp.itsm.tickets import queries, word_search
from tests.support import world


def plain(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True)).split())


def filled(company: Any, **changes: str) -> dict[str, str]:
    requester = company.people["requester"].e_mail
    return {
        "client": str(company.id), "requester": requester, "kind": "incident", "source": "phone",
        "subject": "Printer on fire", "body": "It smells.", "impact": "1", "urgency": "2", **changes,
    }  # fmt: skip


def test_a_call_becomes_a_ticket_that_is_answered(desk: Any, acme: Any) -> None:
    answer = desk.post("/tickets/new", **filled(acme))
    assert answer.status_code == 303
    ref = answer.headers["Location"].rpartition("/")[2]
    with world.acting(desk.app, desk.actor):
        made = queries.visible_ticket_by_ref(ref, by=desk.actor)
        assert (made.requester_id, made.source, made.priority) == (acme.people["requester"].id, "phone", 2)
        assert [(m.author_name, m.body) for m in queries.messages(made, by=desk.actor)] == [
            (acme.people["requester"].name, "It smells.")
        ]
        assert {row.kind: row.outcome for row in sla.clocks(acme.id, [made.id])}["response"] == "met"
    again = desk.post("/tickets/new", **filled(acme, subject="One\r\nBcc: two@example.com"))
    with world.acting(desk.app, desk.actor):
        made = queries.visible_ticket_by_ref(again.headers["Location"].rpartition("/")[2], by=desk.actor)
        assert made.subject == "One Bcc: two@example.com"
    assert f"{ref} opened." in plain(desk.get(answer.headers["Location"]))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"subject": " "}, "Say in a few words"),
        ({"subject": "x" * 301}, "At most 300 characters"),
        ({"requester": ""}, "Say who needs help"),
        ({"requester": "Nobody Known"}, "Nobody at this client is called “Nobody Known”"),
        ({"requester": "example"}, "Nobody at this client"),
        ({"client": ""}, "Say whose ticket it is"),
        ({"client": "nonsense"}, "no valid choice"),
        ({"kind": "riot"}, "One of incident, request"),
        ({"source": "pigeon"}, "One of portal"),
        ({"category": "nonsense"}, "no valid choice"),
        ({"category": str(new_id())}, "no such category"),
        ({"site": str(new_id())}, "no such site"),
    ],
)
def test_errors_keep_what_was_typed(desk: Any, acme: Any, wrong: dict[str, str], words: str) -> None:
    typed = filled(acme, body="It smells & smokes.", **wrong)
    answer = desk.post("/tickets/new", **typed)
    html = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert words in html
    assert "It smells &amp; smokes.</textarea>" in html
    assert f'value="{typed["requester"]}"' in html or not typed["requester"]
    assert '<option value="1" selected>High' in html
    with world.acting(desk.app, desk.actor):
        assert not word_search.look_up("smokes", by=desk.actor).ids


def test_several_who_fit_are_named(desk: Any, acme: Any) -> None:
    answer = desk.post("/tickets/new", **filled(acme, requester=acme.tenant.name))
    assert answer.status_code == 422
    assert "Several people fit" in plain(answer)
    assert acme.people["manager"].e_mail in answer.get_data(as_text=True)


def test_another_client_is_not_there(desk: Any, acme: Any, birch: Any) -> None:
    for path in ("/tickets/new", "/tickets/new/at-client"):
        foreign, random = (
            desk.post(path, **filled(acme, client=str(id), requester=birch.people["requester"].e_mail))
            for id in (birch.id, new_id())
        )
        assert foreign.status_code == random.status_code == 404
    assert desk.get(f"/tickets/new?client={birch.id}").status_code == 404
    own = desk.get(f"/tickets/new/people?client={acme.id}&q=requester").get_data(as_text=True)
    assert acme.people["requester"].e_mail in own, "the control"
    foreign = desk.get(f"/tickets/new/people?client={birch.id}&q=requester").get_data(as_text=True)
    assert "option" not in foreign
    assert birch.tenant.name not in desk.get("/tickets/new").get_data(as_text=True)


def test_what_depends_on_the_client_follows_it(desk: Any, acme: Any) -> None:
    answer = desk.post("/tickets/new/at-client", hx=True, client=str(acme.id), impact="1", urgency="1", subject="Kept")
    html = answer.get_data(as_text=True)
    assert 'id="at-client"' in html
    assert "<b>P1</b>" in html
    assert f"/tickets/new/people?client={acme.id}" in html
    assert "<html" not in html
    whole = desk.post("/tickets/new/at-client", client=str(acme.id), subject="Kept").get_data(as_text=True)
    assert 'value="Kept"' in whole


def test_a_reader_opens_nothing(sit: Any, acme: Any) -> None:
    reader = sit(acme, roles=("read_only",))
    assert reader.get("/tickets/new").status_code == 403
    assert reader.post("/tickets/new", **filled(acme)).status_code == 403


def test_a_ticket_is_refiled(sit: Any, acme: Any, birch: Any, ticket: Any) -> None:
    desk = sit(acme, birch)
    page = desk.get(f"/tickets/{ticket.ref}/refile")
    [message] = re.findall(r'name="message_id" value="([^"]+)" checked', page.get_data(as_text=True))
    fields = {"client": str(birch.id), "requester": birch.people["requester"].e_mail, "version": "1"}
    answer = desk.post(f"/tickets/{ticket.ref}/refile", message_id=message, **fields)
    assert answer.status_code == 303
    made = answer.headers["Location"].rpartition("/")[2]
    assert made == f"{birch.tenant.key}-1"
    new = desk.get(f"/tickets/{made}")
    assert f"{ticket.ref} goes on as {made}." in plain(new)
    assert "It smells." in plain(new)
    assert f"Came from {ticket.ref}" in plain(new)
    old = plain(desk.get(f"/tickets/{ticket.ref}"))
    assert "Misfiled" in old
    assert f"Went on as {made}" in old
    narrow = sit(acme)
    seen = plain(narrow.get(f"/tickets/{ticket.ref}?all=1"))
    assert "re-filed it to another client" in seen
    assert birch.tenant.key not in seen, "who may not see the other client learns nothing of it"


@pytest.mark.parametrize(
    ("wrong", "status", "words"),
    [
        ({"client": ""}, 422, "Say which client"),
        ({"requester": ""}, 422, "Say who needs help there"),
        ({"requester": "Nobody Known"}, 422, "Nobody at this client"),
        ({"version": "7"}, 412, "Somebody else changed this"),
        ({"message_id": str(new_id())}, 422, "Only public messages"),
    ],
)
def test_a_refused_refiling_changes_nothing(
    sit: Any, acme: Any, birch: Any, ticket: Any, wrong: dict[str, str], status: int, words: str
) -> None:
    desk = sit(acme, birch)
    fields = {"client": str(birch.id), "requester": birch.people["requester"].e_mail, "version": "1", **wrong}
    answer = desk.post(f"/tickets/{ticket.ref}/refile", **fields)
    assert answer.status_code == status
    assert words in plain(answer)
    assert desk.ticket(ticket).status == "new"


def test_refiling_to_a_client_out_of_reach_is_refused(desk: Any, birch: Any, ticket: Any) -> None:
    fields = {"requester": birch.people["requester"].e_mail}
    foreign, random = (
        desk.post(f"/tickets/{ticket.ref}/refile", client=str(id), **fields) for id in (birch.id, new_id())
    )
    assert foreign.status_code == random.status_code == 404
    assert desk.ticket(ticket).status == "new"
