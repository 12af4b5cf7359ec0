"""What agents know: kept in one form, changed by who manages agents, and it ends no session."""

from typing import Any

import pytest

from msp.core.errors import Forbidden, Invalid
from tenants import skills
from tenants.services import people
from tests.support import world
from tests.support.caller import Caller


def test_one_form_of_each() -> None:
    assert skills.all_checked(["  X-Ray\t Viewers", "x-ray viewers", "ﬁrewalls", "Straße"]) == ["firewalls", "straße", "x-ray viewers"]
    assert skills.split(" a, ,b，c ") == [" a", "b", "c "]
    for wrong in ("", "  ", "a,b", "a，b", "a\0b", "x" * 41):
        with pytest.raises(Invalid):
            skills.checked(wrong)
    with pytest.raises(Invalid, match="At most 30"):
        skills.all_checked(str(n) for n in range(31))


def test_they_are_listed_while_somebody_here_has_them(console_app: Any) -> None:
    skill = world.unique("welding ")
    made, _ = world.agent(console_app)
    with world.as_staff(console_app) as by:
        made = people.change_agent(made.id, version=made.version, by=by, skills=[skill.upper()])
        assert (made.skills, skill in skills.in_use()) == ([skill], True)
        made = people.change_agent(made.id, version=made.version, by=by, name="Other name")
        assert made.skills == [skill]
        people.change_agent(made.id, version=made.version, by=by, is_active=False)
        assert skill not in skills.in_use()


def test_over_the_api_and_only_for_who_manages_agents(console_app: Any, acme: Any) -> None:
    lead, by_lead = world.agent(console_app, "lead")
    with world.acting(console_app, by_lead), pytest.raises(Forbidden):
        people.change_agent(lead.id, version=lead.version, by=by_lead, skills=["x"])
    token = Caller(console_app, "console.localhost", world.agent(console_app, "admin")[1], "people:write")
    one = f"/agents/{lead.id}"
    changed = token("PATCH", one, {"If-Match": "*"}, json={"skills": ["Phones", "phones ", "X-Ray"]})
    assert (changed.status_code, changed.json["skills"]) == (200, ["phones", "x-ray"])
    assert token("GET", one).json["skills"] == ["phones", "x-ray"]
    for wrong in (["a,b"], ["x" * 41], [""], [str(n) for n in range(31)]):
        refused = token("PATCH", one, {"If-Match": "*"}, json={"skills": wrong})
        assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/skills"), wrong
    assert token("PATCH", one, {"If-Match": "*"}, json={"skills": []}).json["skills"] == []
