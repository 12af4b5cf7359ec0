"""Articles in the console: written, looked at, published, their versions; and who may."""

import re
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest

from msp.core import clock
from msp.itsm.knowledge import queries, services
from tests.agent_console.conftest import TEN
from tests.itsm.test_knowledge import published, seen
from tests.support import pages, world
from tests.support.pages import words
from tests.support.statements import counted

GOOD = {"title": "T", "body": "A **bold** text.", "language": "en", "audience": "internal", "readers": "everyone"}


def test_one_is_looked_at_written_published_and_changed(console_app: Any, sit: Any, acme: Any, birch: Any) -> None:
    agent, title = sit(), world.unique("Kettles ")
    fields = {**GOOD, "title": title, "audience": "chosen", "client_ids": [str(acme.id)], "review_on": "2027-02-28"}
    looked = agent.post("/articles/new", look="1", **fields)
    assert "<strong>bold</strong>" in looked.text
    assert pages.fields(looked.text, "article")["client_ids"] == str(acme.id)
    assert title not in words(agent.get("/articles"))
    kept = agent.post("/articles/new", **fields)
    assert kept.status_code == 303
    one = kept.headers["Location"]
    assert seen(console_app, acme, title) == []
    sent = pages.fields(agent.get(one).text, "article").to_dict()
    assert agent.post(f"{one}/move", to="published", version=sent["version"]).status_code == 303
    assert seen(console_app, acme, title) == [title]
    for path in ("", "?state=published", f"?client={acme.id}", "?audience=chosen", "?language=en", "?overdue=1", f"?q={title.strip()}"):
        assert title in words(agent.get(f"/articles{path}")), path
    for path in ("?state=draft", f"?client={birch.id}", "?audience=all", "?language=de", "?q=zeppelin"):
        assert title not in words(agent.get(f"/articles{path}")), path
    sent = pages.fields(agent.get(one).text, "article").to_dict()
    assert agent.post(one, **{**sent, "csrf_token": agent._csrf, "body": "Another text."}).status_code == 303
    assert "Newer version waits" in words(agent.get(one))
    listed = words(agent.get(f"{one}/versions"))
    assert "Published" in listed
    diff = agent.get(f"{one}/versions/2").text
    assert "<ins>+ Another text.</ins>" in diff
    assert "<del>− A **bold** text.</del>" in diff
    assert agent.get(f"{one}/versions/9").status_code == 404
    refused = agent.post(f"{one}/move", to="draft", version=pages.fields(agent.get(one).text, "article")["version"])
    assert refused.status_code == 409
    assert "cannot go from published to draft" in words(refused)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"title": ""}, "Say it in 1 to 200 characters."), ({"audience": "chosen"}, "Choose clients that you may see."),
        ({"audience": ""}, "One of internal, all, chosen."), ({"review_on": "soon"}, "Write the day as 2027-03-31."),
        ({"owner_id": str(uuid4())}, "Choose one of the agents."), ({"client_ids": ["x"]}, "This is no valid choice."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(sit: Any, wrong: dict[str, Any], said: str) -> None:
    answer = sit().post("/articles/new", **{**GOOD, "body": "A long text.", **wrong})
    assert answer.status_code == 422
    assert said in words(answer)
    assert pages.fields(answer.text, "article")["body"].strip() == "A long text."


def test_a_reviewed_one_is_published_by_somebody_else(console_app: Any, sit: Any) -> None:
    writer = sit()
    one = writer.post("/articles/new", **GOOD, asks_review="1").headers["Location"]
    version = pages.fields(writer.get(one).text, "article")["version"]
    refused = writer.post(f"{one}/move", to="published", version=version)
    assert refused.status_code == 403
    assert sit().post(f"{one}/move", to="published", version=version).status_code == 303
    with world.as_staff(console_app) as by:
        assert queries.visible_article(UUID(one.rsplit("/", 1)[1]), by=by).state == "published"


def test_only_who_may_and_sees_the_clients(console_app: Any, sit: Any, acme: Any, birch: Any) -> None:
    theirs = published(console_app, world.unique("Theirs "), birch)
    limited, reader = sit(acme), sit(roles=("read_only",))
    assert theirs.title not in limited.get("/articles").text
    for path in ("", "/versions", "/versions/1"):
        assert limited.get(f"/articles/{theirs.id}{path}").status_code == 404
    assert limited.post(f"/articles/{theirs.id}/move", to="retired", version=str(theirs.version)).status_code == 404
    assert limited.get(f"/articles?client={birch.id}").status_code == 404
    assert limited.post("/articles/new", **{**GOOD, "audience": "all"}).status_code == 403
    assert reader.get(f"/articles/{theirs.id}").status_code == 200
    assert reader.post("/articles/new", **GOOD).status_code == 403
    assert reader.post(f"/articles/{theirs.id}/move", to="retired", version=str(theirs.version)).status_code == 403


def test_the_owner_is_told_once_that_a_review_is_due(console_app: Any, sit: Any) -> None:
    owner, title = sit(), world.unique("Due ")
    row = published(console_app, title, audience="internal", owner_id=owner.actor.id, review_on=date(2027, 3, 1))
    early, late = date(2027, 2, 28), date(2027, 3, 1)
    for day, told in ((early, 0), (late, 1), (late, 0)):
        with clock.at(TEN), world.as_staff(console_app) as by:
            services.remind_owners(day, by=by)
        assert words(owner.get("/notifications")).count(f"“{title}” is due") == (1 if told or day == late else 0)
    [mine] = re.findall(r'action="(/notifications/[0-9a-f-]{36})"', owner.get("/notifications").text)
    assert owner.post(mine).headers["Location"] == f"/articles/{row.id}"
    with world.as_staff(console_app) as by:
        row = queries.visible_article(row.id, by=by)
        assert services.change_article(row.id, version=row.version, review_on=date(2028, 3, 1), by=by).reminded_on is None


def test_the_list_asks_as_often_for_many_as_for_few(console_app: Any, sit: Any, acme: Any) -> None:
    agent = sit()

    def asked(number: int) -> int:
        with world.as_staff(console_app) as by:
            for _ in range(number):
                services.write_article("n", "n", audience="chosen", client_ids=[acme.id], by=by)
        agent.get("/articles")
        with counted(console_app) as sent:
            assert agent.get("/articles").status_code == 200
        return len(sent)

    assert asked(1) == asked(5)
