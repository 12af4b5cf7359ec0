"""Saved views: for oneself, a team and everybody; renamed, ordered, removed and brought back; with their counts."""

from typing import Any
from uuid import uuid4

import pytest

from msp.itsm.tickets.views import queries
from tenants.services import people
from tests.support import world
from tests.support.pages import words
from tests.support.statements import counted


def kept(desk: Any) -> dict[str, Any]:
    with world.acting(desk.app, desk.actor) as by:
        return {row.name: row for row in queries.views(by=by)}


def test_one_is_saved_counted_renamed_removed_and_back(desk: Any, ticket: Any) -> None:
    name = world.unique("Printers ")
    saved = desk.post("/queue/views", **{"name": name, "query": "is:open  printer sort:due", "for": "personal"})
    assert saved.status_code == 303
    row = kept(desk)[name]
    assert row.query == "is:open printer sort:due"
    page = desk.get(saved.headers["Location"])
    assert f"“{name}” stands beside the queue." in words(page)
    assert f"<h1>{name}</h1>" in page.text
    assert desk.get("/queue/counts").json["views"]["is:open printer sort:due"] == "1"
    renamed = name + " all"
    assert desk.post(f"/queue/views/{row.id}", name=renamed, query="is:open", version=str(row.version)).status_code == 303
    assert desk.post(f"/queue/views/{row.id}", name="x", query="is:open", version=str(row.version)).status_code == 412
    gone = desk.post(f"/queue/views/{row.id}/remove", version=str(row.version + 1))
    assert f'action="/queue/views/{row.id}/restore"' in desk.get(gone.headers["Location"]).text
    assert renamed not in kept(desk)
    assert desk.post(f"/queue/views/{row.id}/restore").status_code == 303
    assert kept(desk)[renamed].query == "is:open"


def test_order_is_one_s_own(desk: Any) -> None:
    names = [world.unique("View ") for _ in range(3)]
    for number, name in enumerate(names):
        desk.post("/queue/views", **{"name": name, "query": f"priority:{number + 1}", "for": "personal"})
    last = kept(desk)[names[2]]
    desk.post(f"/queue/views/{last.id}/move", to="up")
    assert [name for name in kept(desk) if name in names] == [names[0], names[2], names[1]]
    desk.post(f"/queue/views/{last.id}/move", to="down")
    desk.post(f"/queue/views/{last.id}/move", to="down")
    assert [name for name in kept(desk) if name in names] == names


def test_a_team_shares_and_leads_keep_for_everybody(console_app: Any, sit: Any, acme: Any) -> None:
    one, mate, other, lead = sit(acme), sit(acme), sit(acme), sit(acme, roles=("lead",))
    with world.as_staff(console_app) as by:
        team = people.add_team(world.unique("Team "), by=by)
        people.set_members(team.id, {one.actor.id: False, mate.actor.id: False}, by=by)
    shared, everybody, mine = world.unique("shared "), world.unique("every "), world.unique("mine ")
    assert one.post("/queue/views", **{"name": shared, "query": "is:open priority:1", "for": f"team:{team.id}"}).status_code == 303
    assert one.post("/queue/views", **{"name": mine, "query": "is:open priority:2", "for": "personal"}).status_code == 303
    refused = other.post("/queue/views", **{"name": shared, "query": "is:open", "for": f"team:{team.id}"})
    assert (refused.status_code, "Choose a team that you belong to." in words(refused)) == (422, True)
    assert one.post("/queue/views", **{"name": everybody, "query": "is:open", "for": "global"}).status_code == 403
    assert lead.post("/queue/views", **{"name": everybody, "query": "priority:1", "for": "global"}).status_code == 303
    assert [shared in kept(desk) for desk in (one, mate, other)] == [True, True, False]
    assert [mine in kept(desk) for desk in (one, mate, other)] == [True, False, False]
    assert all(everybody in kept(desk) for desk in (one, mate, other, lead))
    own = kept(one)[mine]
    for stranger in (mate, lead):
        assert stranger.post(f"/queue/views/{own.id}", name="x", query="is:open", version="1").status_code == 404
        assert stranger.post(f"/queue/views/{own.id}/remove", version="1").status_code == 404
    assert one.post(f"/queue/views/{kept(one)[everybody].id}/remove", version="1").status_code == 403
    assert one.post(f"/queue/views/{uuid4()}/restore").status_code == 404
    lead.post(f"/queue/views/{kept(lead)[everybody].id}/remove", version="1")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": " "}, "Say it in 1 to 60 characters."), ({"query": "colour:red"}, "colour"),
        ({"query": "x" * 1001}, "At most 1000 characters."), ({"for": "team:x"}, "This is no valid choice."),
        ({"for": "aliens"}, "One of personal, team, global."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(desk: Any, fields: dict[str, str], said: str) -> None:
    sent = {"name": "Long live the queue", "query": "is:open", "for": "personal", **fields}
    answer = desk.post("/queue/views", **sent)
    assert answer.status_code == 422
    assert said in words(answer)
    assert (sent["name"].strip() or "Save view") in answer.text


def test_counts_of_many_views_cost_no_statement_more(console_app: Any, desk: Any) -> None:
    def asked() -> int:
        console_app.extensions["msp.redis"].flushdb()
        with counted(console_app) as sent:
            desk.get("/queue")
        return len(sent)

    desk.post("/queue/views", **{"name": world.unique("n"), "query": "is:open priority:1", "for": "personal"})
    desk.get("/queue")
    few = asked()
    for number in range(5):
        desk.post("/queue/views", **{"name": world.unique("n"), "query": f"is:open priority:1 created:>-{number + 1}d", "for": "personal"})
    desk.get("/queue")
    assert asked() == few
