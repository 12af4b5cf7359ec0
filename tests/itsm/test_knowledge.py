"""Articles: who reads what, the moves, versions, search with typing mistakes, what readers say."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from msp.core.errors import Conflict, Forbidden, Invalid, NotFound, StaleVersion
from msp.itsm.knowledge import queries, services, text
from msp.itsm.knowledge.models import Article
from msp.itsm.knowledge.words import MOVES, STATES
from tests.support import world

BODY = "Open **Settings** and choose your printers."


def published(app: Any, title: str, company: Any = None, **fields: Any) -> Article:
    """An article that is read, by this company alone or by all."""
    audience = {"audience": "chosen", "client_ids": [company.id]} if company else {"audience": "all"}
    with world.as_staff(app) as by:
        row = services.write_article(title, fields.pop("body", BODY), by=by, **{**audience, **fields})
        return services.move_article(row.id, "published", version=row.version, by=by)


def seen(app: Any, company: Any, words: str, person: str = "requester", **how: Any) -> list[str]:
    """Titles that the search gives this contact."""
    with world.acting(app, company.actor(person)) as by:
        return [each.title for each in queries.search(words, company.id, by=by, **how)]


def test_the_chosen_client_alone_reads_finds_and_rates_it(console_app: Any, acme: Any, birch: Any) -> None:
    word = world.unique("labels")
    row = published(console_app, f"Print {word}", acme)
    assert seen(console_app, acme, word) == [f"Print {word}"]
    assert seen(console_app, acme, f"my {word} jam", loosely=True) == [f"Print {word}"]
    with world.acting(console_app, acme.actor()) as by:
        assert queries.readable(row.id, acme.id, by=by).body == BODY
        services.say_useful(row.id, acme.id, True, by=by)
        services.say_useful(row.id, acme.id, False, words="It is out of date.", by=by)
        services.note_solved(row.id, acme.id, "No labels", by=by)
        assert queries.opinion(row.id, acme.id, by=by).words == "It is out of date."  # type: ignore[union-attr]
    with world.acting(console_app, birch.actor()) as by:
        assert row.id not in [each.id for each in queries.read_page(birch.id, by=by, limit=100).rows]
        for tenant_id in (birch.id, acme.id):
            for act in (
                lambda id: queries.readable(row.id, id, by=by), lambda id: services.say_useful(row.id, id, True, by=by),
                lambda id: services.note_solved(row.id, id, "x", by=by),
            ):  # fmt: skip
                with pytest.raises(NotFound):
                    act(tenant_id)
        with pytest.raises(NotFound):
            queries.search(word, acme.id, by=by)
    assert seen(console_app, birch, word) == seen(console_app, birch, word, loosely=True) == []
    with world.as_staff(console_app) as by:
        assert queries.response(row.id, by=by) == queries.Response(useful=0, not_useful=1, solved=1)


def test_nobody_at_a_client_reads_what_is_internal_or_not_published(console_app: Any, acme: Any) -> None:
    word = world.unique("inner")
    published(console_app, f"Secret {word}", audience="internal")
    with world.as_staff(console_app) as by:
        draft = services.write_article(f"Draft {word}", BODY, audience="all", by=by)
        services.write_article(f"Own draft {word}", BODY, audience="chosen", client_ids=[acme.id], by=by)
    assert seen(console_app, acme, word) == []
    with world.acting(console_app, acme.actor("admin")) as by:
        for read in (lambda: queries.readable(draft.id, acme.id, by=by), lambda: queries.visible_article(draft.id, by=by)):
            with pytest.raises(NotFound):
                read()


def test_a_role_within_the_clients_reads_what_is_for_it(console_app: Any, acme: Any) -> None:
    word = world.unique("costs")
    published(console_app, f"About {word}", readers="managers")
    assert seen(console_app, acme, word) == []
    assert seen(console_app, acme, word, "manager") == [f"About {word}"]


def test_another_text_is_a_version_that_is_read_once_it_is_published(console_app: Any, acme: Any) -> None:
    word = world.unique("vpn")
    row = published(console_app, f"{word} one", acme)
    with world.as_staff(console_app) as by:
        row = services.change_article(row.id, version=row.version, title=f"{word} two", by=by)
        assert (row.edition, row.published_edition) == (2, 1)
    assert seen(console_app, acme, word) == [f"{word} one"]
    with world.as_staff(console_app) as by:
        row = services.move_article(row.id, "published", version=row.version, by=by)
        assert [each.title for each in queries.edition_page(row.id, by=by).rows] == [f"{word} two", f"{word} one"]
        with pytest.raises(StaleVersion):
            services.change_article(row.id, version=row.version - 1, title="x", by=by)
    assert seen(console_app, acme, word) == [f"{word} two"]
    with world.as_staff(console_app) as by:
        services.move_article(row.id, "retired", version=row.version, by=by)
    assert seen(console_app, acme, word) == []


def test_another_audience_takes_effect_at_once(console_app: Any, acme: Any, birch: Any) -> None:
    word = world.unique("scan")
    row = published(console_app, f"{word} it")
    assert seen(console_app, birch, word) == [f"{word} it"]
    with world.as_staff(console_app) as by:
        row = services.change_article(row.id, version=row.version, audience="chosen", client_ids=[acme.id], by=by)
    assert (seen(console_app, acme, word), seen(console_app, birch, word)) == ([f"{word} it"], [])
    with world.as_staff(console_app) as by:
        services.change_article(row.id, version=row.version, audience="internal", by=by)
    assert seen(console_app, acme, word) == []


@pytest.mark.parametrize("state", STATES)
def test_just_the_moves_of_the_table_are_allowed(console_app: Any, state: str) -> None:
    way = {"draft": (), "in_review": ("in_review",), "published": ("published",), "retired": ("published", "retired")}[state]
    for to in STATES:
        with world.as_staff(console_app) as by:
            row = services.write_article("Moves", BODY, by=by)
            for step in way:
                services.move_article(row.id, step, version=row.version, by=by)
            if to in MOVES[state]:
                assert services.move_article(row.id, to, version=row.version, by=by).state == to
            else:
                with pytest.raises(Conflict):
                    services.move_article(row.id, to, version=row.version, by=by)


def test_whoever_asked_for_a_review_does_not_publish_it_himself(console_app: Any) -> None:
    writer, reviewer = world.agent(console_app, "agent")[1], world.agent(console_app, "agent")[1]
    with world.acting(console_app, writer):
        row = services.write_article("Reviewed", BODY, asks_review=True, by=writer)
        services.move_article(row.id, "in_review", version=row.version, by=writer)
        with pytest.raises(Forbidden, match="somebody else"):
            services.move_article(row.id, "published", version=row.version, by=writer)
    with world.acting(console_app, reviewer):
        assert services.move_article(row.id, "published", version=row.version, by=reviewer).state == "published"


@pytest.mark.parametrize(
    ("language", "title", "asked"),
    [
        ("en", "Resetting passwords", "reset password"), ("en", "Resetting passwords", "pasword"),
        ("de", "Drucker einrichten", "Druckern"), ("fr", "Changer les imprimantes", "imprimante"),
        ("es", "Cambiar impresoras", "impresora"), ("pt", "Trocar impressoras", "impressora"),
        ("nl", "Printers instellen", "printer"), ("other", "Tulostin verkossa", "tulostni"),
    ],
)  # fmt: skip
def test_words_find_it_in_its_language_and_with_a_slip(console_app: Any, acme: Any, language: str, title: str, asked: str) -> None:
    published(console_app, title, acme, language=language, body="…")
    assert title in seen(console_app, acme, asked)
    assert seen(console_app, acme, "zeppelin") == []


@pytest.mark.parametrize("asked", ["", "  ", "' & | !", "a'b & 'c", "\\", "%_", "<>:*()", "x" * 5000, "\0"])
def test_odd_words_are_no_error(console_app: Any, acme: Any, asked: str) -> None:
    published(console_app, "Ordinary", acme)
    for loosely in (False, True):
        seen(console_app, acme, asked, loosely=loosely)


def test_a_limited_agent_writes_for_his_clients_only(console_app: Any, acme: Any, birch: Any) -> None:
    _, limited = world.agent(console_app, "lead", clients=[acme.id])
    with world.as_staff(console_app) as by:
        both = services.write_article("Both", BODY, audience="chosen", client_ids=[acme.id, birch.id], by=by)
        theirs = services.write_article("Theirs", BODY, audience="chosen", client_ids=[birch.id], by=by)
    with world.acting(console_app, limited):
        with pytest.raises(Forbidden, match="every client"):
            services.write_article("x", BODY, audience="all", by=limited)
        with pytest.raises(Invalid):
            services.write_article("x", BODY, audience="chosen", client_ids=[birch.id], by=limited)
        with pytest.raises(Forbidden, match="do not see"):
            services.move_article(both.id, "published", version=both.version, by=limited)
        with pytest.raises(NotFound):
            queries.visible_article(theirs.id, by=limited)
        listed = {each.id for each in queries.article_page(by=limited, limit=100).rows}
        assert both.id in listed
        assert theirs.id not in listed
        assert queries.clients_chosen([both.id], by=limited) == {both.id: [acme.id]}


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"title": " "}, "/title"), ({"title": "x" * 201}, "/title"), ({"body": ""}, "/body"), ({"topic": "x" * 61}, "/topic"),
        ({"language": "xx"}, "/language"), ({"audience": "world"}, "/audience"), ({"readers": "cats"}, "/readers"),
        ({"owner_id": UUID(int=1)}, "/owner_id"), ({"related": [UUID(int=1)]}, "/related"), ({"audience": "chosen"}, "/client_ids"),
        ({"audience": "chosen", "client_ids": [uuid4()]}, "/client_ids"),
    ],
)  # fmt: skip
def test_bad_input_is_told(console_app: Any, fields: dict[str, Any], pointer: str) -> None:
    with world.as_staff(console_app) as by, pytest.raises(Invalid) as refused:
        services.write_article(**{"title": "T", "body": BODY, **fields}, by=by)
    assert pointer in [error.pointer for error in refused.value.errors]


def test_who_has_no_right_writes_nothing(console_app: Any) -> None:
    _, reader = world.agent(console_app, "read_only")
    with world.acting(console_app, reader), pytest.raises(Forbidden):
        services.write_article("x", BODY, by=reader)


def test_related_are_shown_as_far_as_they_may_be_read(console_app: Any, acme: Any) -> None:
    open_one, inner = published(console_app, "Open one", acme), published(console_app, "Inner one", audience="internal")
    row = published(console_app, "With others", acme, related=[open_one.id, inner.id])
    with world.acting(console_app, acme.actor()) as by:
        read = queries.readable(row.id, acme.id, by=by)
        assert [each.title for each in queries.related_to(read, acme.id, by=by)] == ["Open one"]


def test_a_difference_goes_by_lines_and_says_where_too_much_is_different() -> None:
    few = text.difference("first\nsecond\nthird", "first\nother\nthird\nfourth")
    assert [tuple(line) for line in few.lines] == [
        ("same", "first"), ("removed", "second"), ("added", "other"), ("same", "third"), ("added", "fourth"),
    ]  # fmt: skip
    assert not few.is_whole
    number = text.MOST_COMPARED + 1
    many = text.difference("\n".join(map(str, range(number))), "\n".join(f"{each} anew" for each in range(number)))
    assert many.is_whole
    assert [line.mark for line in many.lines] == ["removed"] * number + ["added"] * number
