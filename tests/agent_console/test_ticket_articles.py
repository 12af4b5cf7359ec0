"""Articles beside a ticket: what fits, what goes into a reply and what never does, where it was used, what it solved."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from msp.core.errors import Conflict, Forbidden, Invalid, NotFound
from msp.itsm.knowledge import queries as articles
from msp.itsm.knowledge import services as knowledge
from msp.itsm.tickets.articles import queries, services
from msp.itsm.tickets.services import conversation, exemptions, moves, opening, triage
from tests.itsm.test_knowledge import published
from tests.support import pages, world
from tests.support.caller import Caller
from tests.support.pages import words
from tests.support.statements import counted


def text_of(desk: Any, ticket: Any, row: Any, into: str = "public", carry: str = "link") -> Any:
    return desk.get(f"/tickets/{ticket.ref}/articles/{row.id}/text?into={into}&carry={carry}")


def test_what_fits_is_offered_with_whom_it_is_for(console_app: Any, desk: Any, acme: Any, birch: Any, opened: Any) -> None:
    word = world.unique("Plotter")
    ticket = opened(acme, f"The {word} is broken", body="It stops in the middle of a page.")
    mine, inner, all_of_them = (
        published(console_app, f"{word} for us", acme), published(console_app, f"{word} within", audience="internal"),
        published(console_app, f"Clean a {word}"),
    )  # fmt: skip
    theirs, managers = published(console_app, f"{word} for them", birch), published(console_app, f"{word} costs", acme, readers="managers")
    published(console_app, "Something else", acme, body=f"Long before a {word} was there.")
    with world.as_staff(console_app) as by:
        draft = knowledge.write_article(f"{word} draft", "x", audience="all", by=by)
    assert 'hx-trigger="load"' in desk.get(f"/tickets/{ticket.ref}").text
    panel = desk.get(f"/tickets/{ticket.ref}/articles", **{"HX-Request": "true"}).text
    for row in (mine, inner, all_of_them, managers):
        assert row.title in panel
    for row in (theirs, draft):
        assert row.title not in panel
    assert "Something else" not in panel
    assert "<html" not in panel
    offered = {row.id: panel.count(f'{row.id}/text" data-carry="link" data-into="note"') for row in (mine, all_of_them, inner, managers)}
    assert offered == {mine.id: 0, all_of_them.id: 0, inner.id: 1, managers.id: 1}
    alone = desk.get(f"/tickets/{ticket.ref}/articles").text
    assert "<html" in alone
    assert inner.title in alone


def test_the_clients_language_comes_first(console_app: Any, desk: Any, acme: Any, opened: Any) -> None:
    word = world.unique("Kessel")
    published(console_app, f"{word} eins", acme, language="de")
    published(console_app, f"{word} two", acme, language="en")
    ticket = opened(acme, f"{word} cold", body="…")
    panel = desk.get(f"/tickets/{ticket.ref}/articles", **{"HX-Request": "true"}).text
    assert panel.index(f"{word} two") < panel.index(f"{word} eins")
    assert "German" in panel


def test_a_link_sent_to_the_client_leads_there_and_counts(
    console_app: Any, sit: Any, desk: Any, acme: Any, birch: Any, ticket: Any
) -> None:
    row = published(console_app, world.unique("Fire [drill] "), acme, body="Stay calm.")
    said = text_of(desk, ticket, row).get_json()["text"]
    assert f"{acme.host}" in said
    assert f"/help/{row.id})" in said
    assert text_of(desk, ticket, row, carry="text").get_json()["text"].startswith("Stay calm.\n\n[")
    assert "Used in no ticket yet." in words(desk.get(f"/articles/{row.id}"))
    assert desk.post(f"/tickets/{ticket.ref}/reply", body=f"See {said}").status_code == 303
    assert "Used in 1 ticket" in words(desk.get(f"/articles/{row.id}"))
    assert ticket.ref in words(desk.get(f"/articles/{row.id}/tickets"))
    panel = desk.get(f"/tickets/{ticket.ref}/articles", **{"HX-Request": "true"})
    assert row.title in words(panel)
    assert "Used" in words(panel)
    solved = desk.post(f"/tickets/{ticket.ref}/articles/{row.id}/solved", hx=True, solved="1")
    assert "Solved it" in words(solved)
    assert "Solved it" in words(desk.get(f"/articles/{row.id}/tickets"))
    assert "Solved it" not in words(desk.post(f"/tickets/{ticket.ref}/articles/{row.id}/solved", hx=True, solved="0"))
    stranger = sit(birch)
    assert stranger.get(f"/articles/{row.id}/tickets").status_code == 404


def test_what_the_client_may_not_read_goes_into_a_note_only(console_app: Any, desk: Any, acme: Any, birch: Any, ticket: Any) -> None:
    inner = published(console_app, world.unique("Inner "), audience="internal")
    theirs, managers = published(console_app, world.unique("Theirs "), birch), published(console_app, "Costs", acme, readers="managers")
    for row in (inner, managers):
        assert text_of(desk, ticket, row).status_code == 409
        assert text_of(desk, ticket, row, into="note").status_code == 200
    for into in ("public", "note"):
        assert text_of(desk, ticket, theirs, into=into).status_code == 404
    for row in (inner, theirs, managers):
        for link in (f"/help/{row.id}", f"http://console.localhost/articles/{str(row.id).upper()}", f"x{str(row.id).replace('-', '%2D')}"):
            refused = desk.post(f"/tickets/{ticket.ref}/reply", body=f"Read {link} now")
            assert refused.status_code == 422, link
            assert "is not for everybody at" in words(refused)
            assert f"Read {link} now</textarea>" in refused.text
    assert "Inner" not in words(desk.post(f"/tickets/{ticket.ref}/reply", body=f"/help/{theirs.id}"))
    assert len(desk.messages(ticket)) == 1
    note = text_of(desk, ticket, inner, into="note", carry="text").get_json()["text"]
    assert f"http://console.localhost/articles/{inner.id}" in note
    assert desk.post(f"/tickets/{ticket.ref}/note", body=note).status_code == 303
    assert ticket.ref in words(desk.get(f"/articles/{inner.id}/tickets"))


def test_no_way_to_the_client_carries_it(console_app: Any, acme: Any, ticket: Any) -> None:
    inner = published(console_app, "Inner", audience="internal")
    says = f"See /articles/{inner.id}"
    _, agent = world.agent(console_app, "agent", "lead")
    program = Caller(console_app, "console.localhost", agent, "tickets:write")
    answer = program("POST", f"/tickets/{ticket.ref}/replies", json={"body": says})
    assert (answer.status_code, answer.json["errors"][0]["code"]) == (422, "article_withheld")
    with world.acting(console_app, agent):
        for act in (
            lambda: moves.move(ticket.id, "waiting_for_client", reason=says, by=agent),
            lambda: conversation.reply(ticket.id, "Wait.", then="waiting_for_client", reason=says, by=agent),
            lambda: moves.acknowledge(ticket.id, reason=says, by=agent),
            lambda: triage.classify(ticket.id, {"subject": says}, by=agent),
            lambda: exemptions.exempt(ticket.id, says, by=agent),
            lambda: opening.open_ticket(acme.id, "New", body=says, requester_id=acme.people["requester"].id, by=agent),
            lambda: opening.open_ticket(acme.id, says, requester_id=acme.people["requester"].id, by=agent),
        ):  # fmt: skip
            with pytest.raises(Invalid, match="not for everybody"):
                act()
    with world.acting(console_app, acme.actor()) as by:
        conversation.reply(ticket.id, f"What is {inner.id}?", by=by)


def test_other_ids_are_no_articles_and_pass(desk: Any, ticket: Any) -> None:
    assert desk.post(f"/tickets/{ticket.ref}/reply", body=f"Your session {uuid4()} is gone, /help/{uuid4()} too.").status_code == 303


def test_who_may_not_neither_reads_nor_says(console_app: Any, sit: Any, acme: Any, birch: Any, ticket: Any) -> None:
    row = published(console_app, "Ours", acme)
    stranger, reader = sit(birch), sit(acme, roles=("read_only",))
    for path in ("", f"/{row.id}/text"):
        assert stranger.get(f"/tickets/{ticket.ref}/articles{path}").status_code == 404
    assert stranger.post(f"/tickets/{ticket.ref}/articles/{row.id}/solved", solved="1").status_code == 404
    assert reader.get(f"/tickets/{ticket.ref}/articles").status_code == 200
    assert "data-insert" not in reader.get(f"/tickets/{ticket.ref}/articles").text
    assert reader.get(f"/tickets/{ticket.ref}/articles/{row.id}/text").status_code == 403
    assert reader.post(f"/tickets/{ticket.ref}/articles/{row.id}/solved", solved="1").status_code == 403
    with world.acting(console_app, stranger.actor) as by:
        with pytest.raises(NotFound):
            services.say_solved(ticket.id, row.id, True, by=by)
        with pytest.raises(NotFound):
            queries.used_page(row.id, by=by)
    with world.acting(console_app, acme.actor()) as by:
        with pytest.raises(Forbidden):
            services.say_solved(ticket.id, row.id, True, by=by)
        with pytest.raises(NotFound):
            queries.beside(ticket, by=by)


def test_the_count_is_of_tickets_that_one_sees(console_app: Any, sit: Any, acme: Any, birch: Any, opened: Any) -> None:
    row = published(console_app, world.unique("Everywhere "))
    for company in (acme, birch):
        ticket = opened(company)
        with world.as_staff(console_app) as by:
            services.say_solved(ticket.id, row.id, True, by=by)
    assert "Used in 2 tickets" in words(sit().get(f"/articles/{row.id}"))
    assert "Used in 1 ticket" in words(sit(birch).get(f"/articles/{row.id}"))
    listed = words(sit(birch).get(f"/articles/{row.id}/tickets"))
    assert ticket.ref in listed
    assert acme.tenant.key not in listed


def test_over_the_api(console_app: Any, acme: Any, birch: Any, ticket: Any) -> None:
    _, agent = world.agent(console_app)
    mine = Caller(console_app, "console.localhost", agent, "tickets:write")
    row, inner = published(console_app, "Printer on fire", acme), published(console_app, "Fire within", audience="internal")
    all_of_them = f"/tickets/{ticket.ref}/articles"
    found = {each["id"]: each for each in mine("GET", all_of_them).json["data"]}
    assert found[str(row.id)]["is_for_client"] is True
    assert mine("GET", f"{all_of_them}/{row.id}/text?into=reply").json["text"].endswith(f"/help/{row.id})")
    assert mine("GET", f"{all_of_them}/{inner.id}/text?into=reply").status_code == 409
    assert mine("GET", f"{all_of_them}/{inner.id}/text?into=mail").status_code == 422
    assert mine("PUT", f"{all_of_them}/{row.id}", json={"is_solution": "perhaps"}).status_code == 422
    assert mine("PUT", f"{all_of_them}/{row.id}", json={"is_solution": True}).status_code == 204
    assert mine("GET", all_of_them).json["data"][0]["is_solution"] is True
    [used] = mine("GET", f"/articles/{row.id}/tickets").json["data"]
    assert (used["ref"], used["is_solution"]) == (ticket.ref, True)
    limited = Caller(console_app, "console.localhost", world.agent(console_app, clients=[birch.id])[1], "tickets:write")
    for method, path in (("GET", all_of_them), ("PUT", f"{all_of_them}/{row.id}"), ("GET", f"/articles/{row.id}/tickets")):
        assert limited(method, path, json={"is_solution": True} if method == "PUT" else None).status_code == 404
    assert mine("PUT", f"{all_of_them}/{UUID(int=1)}", json={"is_solution": True}).status_code == 404


def test_the_panel_asks_as_often_for_many_as_for_few(console_app: Any, sit: Any, acme: Any, opened: Any) -> None:
    agent, word = sit(), world.unique("Drill")
    ticket = opened(acme, f"{word} stuck")

    def asked(number: int) -> int:
        for n in range(number):
            row = published(console_app, f"{word} {n}", acme)
            with world.as_staff(console_app) as by:
                services.say_solved(ticket.id, row.id, n % 2 == 0, by=by)
            published(console_app, f"{word} also {n}", acme)
        agent.get(f"/tickets/{ticket.ref}/articles")  # what is remembered for seconds is asked for here
        with counted(console_app) as sent:
            assert agent.get(f"/tickets/{ticket.ref}/articles", **{"HX-Request": "true"}).status_code == 200
        return len(sent)

    assert asked(1) == asked(4)


def test_a_text_that_is_not_read_cannot_be_taken(console_app: Any, acme: Any, ticket: Any) -> None:
    with world.as_staff(console_app) as by:
        draft = knowledge.write_article("Draft", "x", audience="chosen", client_ids=[acme.id], by=by)
        with pytest.raises(NotFound):
            services.message_text(ticket, draft.id, is_public=False, with_text=True, by=by)
        row = knowledge.move_article(draft.id, "published", version=draft.version, by=by)
        knowledge.change_article(row.id, version=row.version, body="Not yet read.", by=by)
        assert services.message_text(ticket, row.id, is_public=True, with_text=True, by=by).startswith("x\n")
        inner = knowledge.write_article("Inner", "x", by=by)
        knowledge.move_article(inner.id, "published", version=inner.version, by=by)
        with pytest.raises(Conflict):
            services.message_text(ticket, inner.id, is_public=True, with_text=False, by=by)


def test_an_article_is_written_from_a_ticket_with_names_masked(console_app: Any, sit: Any, acme: Any, birch: Any, opened: Any) -> None:
    agent, person = sit(), acme.people["requester"]
    ticket = opened(acme, f"{acme.tenant.name} cannot print", body=f"Call me on 020 7946 0018, {person.name}, {person.e_mail}")
    agent.post(f"/tickets/{ticket.ref}/note", body="The driver is old.")
    agent.post(f"/tickets/{ticket.ref}/reply", body=f"Hello {person.name}, restart the spooler.", then="resolved")
    assert "Write an article from this ticket" in words(agent.get(f"/tickets/{ticket.ref}/articles"))
    page = agent.get(f"/tickets/{ticket.ref}/articles/new")
    sent = pages.fields(page.text, "article").to_dict()
    assert sent["title"] == "the client cannot print"
    assert "restart the spooler" in sent["body"]
    assert "The driver is old." not in sent["body"]
    for gone in (acme.tenant.name, person.name, person.e_mail, "7946"):
        assert gone not in sent["title"] + sent["body"]
    assert f'<mark title="{person.name}">a colleague</mark>' in page.text
    assert "The driver is old." in pages.fields(agent.get(f"/tickets/{ticket.ref}/articles/new?notes=1").text, "article")["body"]
    wrong = agent.post(f"/tickets/{ticket.ref}/articles/new", **{**sent, "csrf_token": agent._csrf, "title": " "})
    assert wrong.status_code == 422
    assert "restart the spooler" in pages.fields(wrong.text, "article")["body"]
    kept = agent.post(f"/tickets/{ticket.ref}/articles/new", **{**sent, "csrf_token": agent._csrf})
    made = UUID(kept.headers["Location"].rsplit("/", 1)[1])
    with world.as_staff(console_app) as by:
        row = articles.visible_article(made, by=by)
        assert (row.state, row.audience, row.language) == ("draft", "internal", "en")
    assert "Used in 1 ticket" in words(agent.get(f"/articles/{made}"))
    stranger, reader = sit(birch), sit(acme, roles=("read_only",))
    for act in (stranger.get, lambda path: stranger.post(path, title="x", body="y")):
        assert act(f"/tickets/{ticket.ref}/articles/new").status_code == 404
    assert reader.get(f"/tickets/{ticket.ref}/articles/new").status_code == 403


def test_a_draft_over_the_api(console_app: Any, acme: Any, birch: Any, ticket: Any) -> None:
    mine = Caller(console_app, "console.localhost", world.agent(console_app)[1], "tickets:write", "people:write")
    one = f"/tickets/{ticket.ref}/article-draft"
    proposed = mine("GET", f"{one}?notes=true").json
    assert (proposed["title"]["text"], proposed["language"]) == ("Printer on fire", "en")
    assert "It smells." in proposed["body"]["text"]
    made = mine("POST", one, json={"title": "Fire", "body": "Stay calm."})
    assert (made.status_code, made.json["state"]) == (201, "draft")
    assert mine("POST", one, json={"title": "", "body": "x", "language": "xx"}).status_code == 422
    limited = Caller(console_app, "console.localhost", world.agent(console_app, clients=[birch.id])[1], "tickets:write", "people:write")
    assert limited("GET", one).status_code == 404
    assert limited("POST", one, json={"title": "Fire", "body": "Stay calm."}).status_code == 404
