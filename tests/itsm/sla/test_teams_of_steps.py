"""Steps of a policy that name a team."""

from msp.itsm.sla.checks import policies
from msp.itsm.sla.checks.faults import Faults
from msp.itsm.sla.describe import action_words


def test_a_step_can_tell_a_team_by_its_id() -> None:
    team = "0198c6b2-0000-7000-8000-000000000001"
    content = {"targets": {"P1": {"resolution": {"minutes": 60, "calendar_id": "c"}}}}
    steps = {"resolution": [{"actions": [{"kind": "notify", "to": team}]}]}
    faults = Faults()
    made = policies.policy({**content, "steps": steps}, {"c"}, faults, teams={team})
    assert not faults
    assert made["steps"]["resolution"][0]["actions"] == [{"kind": "notify", "to": team, "off_duty": "on_call"}]
    assert action_words({"kind": "notify", "to": team}, {team: "Network"}) == "tell Network"
