"""Rules in the console: written step by step with plain posts, tried, put in force, moved, paused; their runs and versions."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from msp.core.db import db
from msp.itsm.automation import queries
from msp.itsm.automation.models import Rule
from msp.itsm.automation.services import rules
from tenants.services import people
from tests.agent_console.conftest import TEN
from tests.itsm.automation.making import event, rule, tag, tags
from tests.itsm.conftest import _empty_outbox  # noqa: F401 - what is due here is of these tests alone
from tests.itsm.sla.passing import fresh, incident, work
from tests.support import pages, world
from tests.support.pages import words
from tests.support.statements import counted


@pytest.fixture
def lead(sit: Any) -> Any:
    return sit(roles=("lead",))


def stored(app: Any, rule_id: UUID) -> Rule:
    with world.as_staff(app):
        return db.session.get_one(Rule, rule_id)


def fields(page: Any) -> dict[str, Any]:
    sent = pages.fields(page.text, "rule").to_dict()
    return {name: value for name, value in sent.items() if name != "csrf_token"}


def test_a_rule_is_built_tried_put_in_force_and_acts(console_app: Any, lead: Any, acme: Any, opened: Any) -> None:
    before = opened(acme, "Before the rule")
    work(console_app, TEN)
    name = world.unique("Urgent ")
    sent = {**fields(lead.get("/automation/new")), "name": name, "client": str(acme.id), "query": "kind:incident"}
    for kind in ("note", "tag"):
        built = lead.post("/automation/new", **{**sent, "act": f"add:{kind}"})
        sent = fields(built)
    assert [sent[f"step-{n}-kind"] for n in (0, 1)] == ["note", "tag"]
    sent = fields(lead.post("/automation/new", **{**sent, "act": "up:1"})) | {"step-0-tags": "rescue", "step-1-body": "Look."}
    assert sent["step-0-kind"] == "tag"
    tried = lead.post("/automation/new", **{**sent, "act": "dry"})
    assert "it would have acted 1 times" in words(tried)
    assert before.ref in words(tried)
    assert "Matches 1 open tickets now" in words(tried)
    assert (fields(tried)["name"], tags(console_app, before)) == (name, [])
    made = lead.post("/automation/new", **{**sent, "act": "save"})
    assert made.status_code == 303
    where = made.headers["Location"]
    rule_id = UUID(where.rpartition("/")[2])
    assert "Draft of version 1" in words(lead.get(where))
    assert lead.post(f"{where}/force", version="1").status_code == 303
    assert "Version 1 in force" in words(lead.get(where))
    ticket = opened(acme, "After the rule", at=TEN)
    work(console_app, TEN + timedelta(minutes=1))
    assert (tags(console_app, ticket), tags(console_app, before)) == (["rescue"], [])
    told = words(lead.get(f"{where}/runs"))
    assert ticket.ref in told
    assert "because kind:incident" in told
    assert "rescue added" in told
    assert "Rule “" + name in words(lead.get(f"/tickets/{ticket.ref}", at=TEN + timedelta(minutes=2)))
    changed = fields(lead.get(where)) | {"step-0-tags": "other", "act": "save"}
    assert lead.post(where, **changed).status_code == 303
    assert "Against version 1 Step 1" in words(lead.get(where))
    assert lead.post(f"{where}/force", version=str(stored(console_app, rule_id).version)).status_code == 303
    assert "Version 2 In force" in words(lead.get(f"{where}/versions"))


def test_what_is_wrong_is_said_where_it_is_and_what_was_typed_is_kept(lead: Any) -> None:
    sent = {
        "name": "Wrong", "trigger": "event", "event": "opened", "query": "priority:1 colour:red", "brake": "60", "step-0-kind": "tag",
        "step-0-tags": "kept", "act": "save",
    }  # fmt: skip
    answer = lead.post("/automation/new", **sent)
    assert answer.status_code == 422
    assert "There is no field “colour”" in words(answer)
    assert "<mark>colour</mark>" in answer.text
    assert fields(answer)["step-0-tags"] == "kept"
    added = lead.post("/automation/new", **{**sent, "act": "add:assign"})
    assert (added.status_code, "<mark>colour</mark>" in added.text) == (200, True)
    for wrong, said in (
        ({"step-0-tags": ""}, "Step 1 needs this"), ({"brake": "many"}, "times an hour"), ({"name": ""}, "1 to 120 characters"),
        ({"trigger": "time", "minutes": "soon", "without": "reply", "calendar": "client"}, "minutes."),
        ({"step-0-kind": "explode"}, "A rule does at least one thing."), ({"client": str(uuid4())}, None),
        ({"client": "x"}, "no valid choice"),
    ):  # fmt: skip
        answer = lead.post("/automation/new", **{**sent, "query": "", **wrong})
        assert answer.status_code == (422 if said else 404), wrong
        assert said is None or said in words(answer), wrong
    assert lead.post("/automation/new", **{**sent, "query": "", "client": "x", "act": "dry"}).status_code == 200


def test_a_step_by_skill_asks_for_the_skill_and_offers_those_in_use(console_app: Any, lead: Any, acme: Any) -> None:
    skill, (knows, _) = world.unique("lathes "), world.agent(console_app)
    with world.as_staff(console_app) as by:
        people.change_agent(knows.id, version=knows.version, by=by, skills=[skill])
    sent = {**fields(lead.get("/automation/new")), "name": world.unique("Lathes "), "client": str(acme.id)}
    sent = fields(lead.post("/automation/new", **{**sent, "act": "add:assign"})) | {"step-0-to": "skill"}
    shown = lead.post("/automation/new", **{**sent, "act": "look"})
    assert f'<option value="{skill}">' in shown.text
    sent = fields(shown)
    assert {"step-0-skill", "step-0-team"} <= sent.keys()
    for wrong, said in (("", "Step 1 needs this: skill"), ("a, b", "has no comma")):
        refused = lead.post("/automation/new", **{**sent, "step-0-skill": wrong, "act": "save"})
        assert (refused.status_code, said in words(refused), fields(refused)["step-0-skill"]) == (422, True, wrong)
    made = lead.post("/automation/new", **{**sent, "step-0-skill": skill, "act": "save"})
    assert made.status_code == 303
    where = made.headers["Location"]
    assert fields(lead.get(where))["step-0-skill"] == skill
    assert lead.post(f"{where}/force", version="1").status_code == 303
    opened_at = TEN + timedelta(minutes=3)
    ticket = incident(console_app, acme, opened_at)
    work(console_app, opened_at)
    assert fresh(console_app, ticket).assignee_id == knows.id
    assert f"of those with “{skill}”" in words(lead.get(f"{where}/runs"))


def test_rules_change_places_sleep_and_wake(console_app: Any, lead: Any, acme: Any) -> None:
    first, second = (rule(console_app, event("rated"), tag("x"), company=acme, name=world.unique(name)) for name in ("First ", "Second "))

    def listed() -> str:
        with world.as_staff(console_app) as by:
            rows = queries.rule_page(by=by, limit=100).rows
        return " ".join(each.name for each in rows if each.id in (first.id, second.id))

    assert listed() == f"{first.name} {second.name}"
    moved = lead.post(f"/automation/{second.id}/move", to="up", version=str(stored(console_app, second.id).version))
    assert (moved.status_code, listed()) == (303, f"{second.name} {first.name}")
    assert first.name in words(lead.get("/automation"))
    where = f"/automation/{first.id}"
    assert lead.post(f"{where}/pause", version="1").status_code == 412
    assert lead.post(f"{where}/pause", version=str(stored(console_app, first.id).version)).status_code == 303
    assert "Paused by" in words(lead.get(where))
    assert lead.post(f"{where}/resume", version=str(stored(console_app, first.id).version)).status_code == 303
    assert stored(console_app, first.id).paused_at is None


def test_only_who_may_and_sees_the_client(console_app: Any, sit: Any, acme: Any, birch: Any) -> None:
    theirs, ours = (rule(console_app, event("rated"), tag("x"), company=each, name=world.unique("Rule ")) for each in (birch, acme))
    everyones = rule(console_app, event("rated"), tag("x"), name=world.unique("All "))
    agent, limited = sit(acme), sit(acme, roles=("lead",))
    assert agent.get("/automation/new").status_code == 403
    assert agent.get("/automation/export").status_code == 403
    seen = agent.get(f"/automation/{ours.id}")
    assert (seen.status_code, "Save draft" in words(seen)) == (200, False)
    assert agent.post(f"/automation/{ours.id}", act="save").status_code == 403
    for unseen in (theirs.id, uuid4()):
        for path in ("", "/runs", "/versions"):
            assert limited.get(f"/automation/{unseen}{path}").status_code == 404
        for path in ("/force", "/pause", "/resume", "/move"):
            assert limited.post(f"/automation/{unseen}{path}", version="1").status_code == 404
    assert theirs.name not in words(limited.get("/automation"))
    refused = limited.post(f"/automation/{everyones.id}/pause", version=str(stored(console_app, everyones.id).version))
    assert refused.status_code == 403
    exported = limited.get("/automation/export").json["rules"]
    assert ours.name in [each["name"] for each in exported]
    assert theirs.name not in [each["name"] for each in exported]
    with world.as_staff(console_app) as by:
        rules.pause(everyones.id, version=stored(console_app, everyones.id).version, by=by)
    assert limited.get(f"/automation/{ours.id}/runs?outcome=nonsense").status_code == 404


def test_the_list_asks_as_often_for_many_as_for_few(console_app: Any, lead: Any, acme: Any) -> None:
    def asked() -> int:
        lead.get("/automation")
        with counted(console_app) as sent:
            assert lead.get("/automation").status_code == 200
        return len(sent)

    rule(console_app, event("rated"), tag("x"), company=acme)
    few = asked()
    for _ in range(4):
        rule(console_app, event("rated"), tag("x"), company=acme)
    assert asked() == few


def test_what_cannot_be_read_any_more_does_nothing_and_says_so(console_app: Any, lead: Any, acme: Any, opened: Any) -> None:
    broken, sound = (rule(console_app, event("opened"), tag(word), company=acme) for word in ("broken", "sound"))
    with world.as_staff(console_app):
        version = queries.versions_in_force([broken.id])[broken.id]
        version.content = {**version.content, "actions": [{"kind": "a step of long ago"}]}
        queries.forget(version.id)
    ticket = opened(acme)
    work(console_app, TEN)
    assert tags(console_app, ticket) == ["sound"]
    shown = lead.get(f"/automation/{broken.id}")
    assert "cannot be read any more" in words(shown)
    assert "It cannot be read any more" in words(lead.get(f"/automation/{broken.id}/versions"))
    assert "cannot be read any more" in words(lead.get("/automation"))
    mended = fields(lead.post(f"/automation/{broken.id}", **{**fields(shown), "act": "add:tag"}))
    assert lead.post(f"/automation/{broken.id}", **{**mended, "step-0-tags": "mended", "act": "save"}).status_code == 303
    assert sound.name not in mended["name"]
