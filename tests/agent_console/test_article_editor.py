"""The editor of an article: pictures, and the articles that stand beside it in their order."""

import io
import re
from typing import Any
from uuid import uuid4

from msp.itsm.knowledge import queries
from msp.itsm.knowledge.pictures import queries as pictures
from tests.agent_console.test_articles import GOOD
from tests.itsm.test_knowledge import published
from tests.itsm.test_pictures import png, shown
from tests.support import pages, world
from tests.support.pages import words


def sent_from(desk: Any, path: str) -> dict[str, Any]:
    return {**pages.fields(desk.get(path).text, "article").to_dict(flat=False), "csrf_token": world.csrf(desk.client)}


def test_a_picture_is_added_shown_and_removed(console_app: Any, sit: Any) -> None:
    row, agent = published(console_app, "Rack"), sit()
    one = f"/articles/{row.id}"
    assert "None yet." in words(agent.get(one))
    plain = agent.post(f"{one}/pictures", file=(io.BytesIO(png()), "rack.png"))
    assert plain.headers["Location"] == one
    page = agent.get(one).text
    [(line, name)] = re.findall(r"(!\[rack\]\(picture:([0-9a-f.-]+png)\))", page)
    assert agent.get(f"{one}/pictures/{name}").mimetype == "image/png"
    looked = agent.post(one, **{**sent_from(agent, one), "body": f"Here: {line}", "look": "1"}).text
    assert f'<img src="{one}/pictures/{name}" alt="rack"' in looked
    token = world.csrf(agent.client)
    for content, status in ((png(), 201), (b"no picture", 415), (b"", 422)):
        answer = agent.client.post(
            f"{one}/pictures", data={"csrf_token": token, "file": (io.BytesIO(content), "x.png")}, headers={"Accept": "application/json"}
        )
        assert answer.status_code == status
    wrong = agent.post(f"{one}/pictures", file=(io.BytesIO(b"no picture"), "x.png"))
    assert wrong.status_code == 422
    assert "This picture cannot be shown" in words(wrong)
    assert "Choose a picture." in words(agent.post(f"{one}/pictures"))
    id = name.partition(".")[0]
    assert agent.post(f"{one}/pictures/{id}/remove").status_code == 303
    assert agent.get(f"{one}/pictures/{name}").status_code == 404


def test_one_that_is_shown_stays_and_others_do_not_come_near(console_app: Any, sit: Any, acme: Any, birch: Any) -> None:
    row, picture = shown(console_app, acme)
    one = f"/articles/{row.id}/pictures"
    refused = sit().post(f"{one}/{picture.id}/remove")
    assert refused.status_code == 409
    assert "The text shows this picture" in words(refused)
    stranger, reader = sit(birch), sit(roles=("read_only",))
    assert stranger.get(f"{one}/{picture.file_name}").status_code == 404
    assert stranger.post(one, file=(io.BytesIO(png()), "x.png")).status_code == 404
    assert stranger.post(f"{one}/{picture.id}/remove").status_code == 404
    assert reader.get(f"{one}/{picture.file_name}").status_code == 200
    assert reader.post(one, file=(io.BytesIO(png()), "x.png")).status_code == 403
    with world.as_staff(console_app) as by:
        assert len(pictures.pictures(row.id, by=by)) == 1


def test_related_ones_are_found_put_in_order_and_shown_so(console_app: Any, sit: Any, acme: Any, birch: Any, portal_of: Any) -> None:
    word = world.unique("Valve")
    first, second = published(console_app, f"{word} b", acme), published(console_app, f"{word} a", acme)
    theirs, inner = published(console_app, f"{word} theirs", birch), published(console_app, f"{word} inner", audience="internal")
    row, agent = published(console_app, f"{word} itself", acme), sit(acme)
    one = f"/articles/{row.id}"
    found = agent.post(one, **{**sent_from(agent, one), "find": word, "arrange": "find"}).text
    for each, is_offered in ((first, True), (second, True), (inner, True), (theirs, False), (row, False)):
        assert (f'value="add:{each.id}"' in found) is is_offered, each.title
    typed = {**sent_from(agent, one), "title": "Typed meanwhile"}
    for arrange in (f"add:{first.id}", f"add:{inner.id}", f"add:{second.id}", f"up:{second.id}", f"add:{first.id}", f"down:{first.id}"):
        page = agent.post(one, **{**typed, "arrange": arrange}).text
        typed = {**pages.fields(page, "article").to_dict(flat=False), "csrf_token": typed["csrf_token"]}
    assert typed["related"] == [str(second.id), str(first.id), str(inner.id)]
    assert typed["title"] == ["Typed meanwhile"]
    with world.as_staff(console_app) as by:
        assert queries.visible_article(row.id, by=by).related == []
    assert agent.post(one, **{**typed, "title": row.title}).status_code == 303
    text = portal_of(acme).get(f"/help/{row.id}").text
    assert 0 < text.index(f"{word} a<") < text.index(f"{word} b<")
    assert f"{word} inner" not in text
    dropped = agent.post(one, **{**sent_from(agent, one), "arrange": f"drop:{first.id}"}).text
    assert pages.fields(dropped, "article").getlist("related") == [str(second.id), str(inner.id)]


def test_what_is_no_article_is_not_related(sit: Any) -> None:
    agent = sit()
    tried = ({"related": str(uuid4())}, {"related": "x"}, {"arrange": f"add:{uuid4()}"}, {"arrange": "add:x"}, {"arrange": "fly:away"})
    for wrong in tried:
        answer = agent.post("/articles/new", **{**GOOD, "body": "A long text.", **wrong})
        assert answer.status_code == (422 if "related" in wrong else 200), wrong
        assert pages.fields(answer.text, "article")["body"].strip() == "A long text."
        assert pages.fields(answer.text, "article").getlist("related") == []
