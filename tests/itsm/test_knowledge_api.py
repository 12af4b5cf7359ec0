"""Articles over the API: written, moved, read and rated; nothing of another client's."""

from typing import Any

from tests.itsm.test_knowledge import published
from tests.support import world
from tests.support.caller import Caller


def test_an_article_is_written_changed_published_and_listed(console_app: Any, acme: Any, birch: Any) -> None:
    agent = Caller(console_app, "console.localhost", world.agent(console_app, "agent")[1], "people:write")
    title = world.unique("Paper ")
    made = agent("POST", "/articles", json={"title": title, "body": "Fill it.", "audience": "chosen", "client_ids": [str(acme.id)]})
    assert (made.status_code, made.json["state"], made.json["client_ids"]) == (201, "draft", [str(acme.id)])
    one = f"/articles/{made.json['id']}"
    assert agent("PATCH", one, json={"body": "Fill it up."}).status_code == 428
    changed = agent("PATCH", one, {"If-Match": made.headers["ETag"]}, json={"body": "Fill it up."})
    assert changed.json["edition"] == 2
    assert agent("POST", f"{one}/move", {"If-Match": made.headers["ETag"]}, json={"state": "published"}).status_code == 412
    moved = agent("POST", f"{one}/move", {"If-Match": changed.headers["ETag"]}, json={"state": "published"})
    assert (moved.json["state"], moved.json["published_edition"]) == ("published", 2)
    assert agent("POST", f"{one}/move", {"If-Match": "*"}, json={"state": "draft"}).status_code == 409
    assert [each["number"] for each in agent("GET", f"{one}/versions").json["data"]] == [2, 1]
    assert agent("GET", f"{one}/feedback").json == {"useful": 0, "not_useful": 0, "solved": 0}
    found = agent("GET", f"/articles?state=published&client_id={acme.id}&words={title.strip()}").json["data"]
    assert [each["title"] for each in found] == [title.strip()]
    wrong = agent("POST", "/articles", json={"title": "x", "body": "y", "audience": "chosen"})
    assert (wrong.status_code, wrong.json["errors"][0]["pointer"]) == (422, "/client_ids")
    limited = Caller(console_app, "console.localhost", world.agent(console_app, "agent", clients=[birch.id])[1], "people:write")
    for method, path, body in (("GET", one, None), ("GET", f"{one}/versions", None), ("POST", f"{one}/move", {"state": "retired"})):
        assert limited(method, path, {"If-Match": "*"}, json=body).status_code == 404
    assert made.json["id"] not in [each["id"] for each in limited("GET", "/articles").json["data"]]
    reader = Caller(console_app, "console.localhost", world.agent(console_app, "billing")[1], "people:read")
    assert reader("POST", "/articles", json={"title": "x", "body": "y"}).status_code == 403


def test_a_clients_people_read_their_own_alone(console_app: Any, portal_app: Any, acme: Any, birch: Any) -> None:
    word = world.unique("Kettle")
    row = published(console_app, f"{word} descaled", acme)
    mine = Caller(portal_app, acme.host, acme.actor(), "tickets:write")
    theirs = Caller(portal_app, birch.host, birch.actor(), "tickets:write")
    one = f"/help-articles/{row.id}"
    assert mine("GET", one).json["title"] == f"{word} descaled"
    assert str(row.id) in [each["id"] for each in mine("GET", "/help-articles?limit=100").json["data"]]
    assert [each["id"] for each in mine("GET", f"/help-articles/search?words={word}").json["data"]] == [str(row.id)]
    assert mine("PUT", f"{one}/opinion", json={"is_useful": True}).status_code == 204
    assert mine("PUT", f"{one}/opinion", json={"is_useful": "perhaps"}).status_code == 422
    assert mine("GET", f"/articles/{row.id}").status_code in (403, 404)
    assert theirs("GET", one).status_code == 404
    assert theirs("PUT", f"{one}/opinion", json={"is_useful": True}).status_code == 404
    for path in ("/help-articles?limit=100", f"/help-articles/search?words={word}"):
        assert str(row.id) not in theirs("GET", path).text


def test_what_an_article_is_related_to_is_named_only_to_who_may_read_it(console_app: Any, portal_app: Any, acme: Any, birch: Any) -> None:
    word = world.unique("Router")
    open_one, foreign = published(console_app, f"{word} restarted", acme), published(console_app, f"{word} at Birch", birch)
    agent = Caller(console_app, "console.localhost", world.agent(console_app, "agent")[1], "people:write")
    internal = agent("POST", "/articles", json={"title": f"{word} inside", "body": "Ours."}).json["id"]
    body = {"title": f"{word} replaced", "body": "Do it.", "audience": "chosen", "client_ids": [str(acme.id)]}
    made = agent("POST", "/articles", json={**body, "related": [internal, str(open_one.id), str(foreign.id)]})
    assert made.status_code == 201, made.text
    assert agent("POST", f"/articles/{made.json['id']}/move", {"If-Match": "*"}, json={"state": "published"}).status_code == 200
    mine = Caller(portal_app, acme.host, acme.actor(), "tickets:read")
    shown = mine("GET", f"/help-articles/{made.json['id']}").json
    assert shown["related"] == [str(open_one.id)]
    for path in ("/help-articles?limit=100", f"/help-articles/search?words={word} replaced"):
        answer = mine("GET", path)
        assert made.json["id"] in answer.text
        assert internal not in answer.text
        assert str(foreign.id) not in answer.text
