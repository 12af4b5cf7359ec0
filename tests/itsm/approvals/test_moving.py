"""Who does not decide, who steps in when somebody is away or has left, and who is mailed then: through the services."""

from datetime import timedelta
from typing import Any

import pytest

from msp.core import clock
from msp.core.errors import Forbidden, Invalid
from msp.core.ids import new_id
from msp.itsm.approvals import errors, queries, words
from msp.itsm.approvals.engine.seating import Person
from msp.itsm.approvals.services import answering, asking, covering, linking, moving
from tenants import queries as tenants
from tenants.availability import services as availability
from tenants.services import people
from tests.itsm.approvals import asked
from tests.itsm.approvals.chains import MONDAY
from tests.support import world
from tests.support.post import text_of

HOUR = timedelta(hours=1)


@pytest.fixture
def acme(console_app: Any) -> Any:
    return world.company(
        console_app, "Acme", requester=("requester",), tom=("requester",), samir=("manager",), rosa=("approver",), admin=("client_admin",)
    )


def leave(app: Any, contact: Any) -> None:
    with world.as_staff(app) as by:
        found = tenants.visible_contact(contact.id, by=by)
        people.change_contact(found.id, version=found.version, is_active=False, by=by)


def away(app: Any, company: Any, person: str, cover: str, since: Any = MONDAY, until: Any = MONDAY + 9 * HOUR) -> int:
    """A person's time away; how many seats went over at once."""
    with clock.at(MONDAY), world.acting(app, company.actor(person)) as by:
        named = covering.set_cover(company.people[cover].e_mail, since, until, by=by)
        return covering.begin_if_due(named, by=by)


def told(app: Any, approval: Any) -> list[str]:
    return [words.entry_words(entry) for entry in asked.history(app, approval)]


def test_who_leaves_while_he_is_asked_is_replaced_by_an_administrator(console_app: Any, acme: Any) -> None:
    approval = asked.start(console_app, acme, [acme.people["tom"]])
    asked.mails(console_app, MONDAY, acme)
    leave(console_app, acme.people["tom"])
    sent = asked.mails(console_app, MONDAY + HOUR, acme)
    tom, admin = (acme.people[name].name for name in ("tom", "admin"))
    assert asked.open_names(console_app, approval) == {"Admin"}
    assert [address for address, _ in sent] == [acme.people["admin"].e_mail]
    assert f"{admin} is asked in place of {tom}, who has left" in told(console_app, approval)
    assert asked.read(console_app, approval).note == f"{tom} has left, so {admin} is asked instead."
    with clock.at(MONDAY + HOUR), world.acting(console_app, acme.actor("admin")) as by:
        answering.decide(approval.id, True, by=by)
    assert asked.read(console_app, approval).state == "approved"


def test_a_cover_comes_before_the_administrators_and_an_agent_who_leaves_is_replaced_too(console_app: Any, acme: Any) -> None:
    covered = asked.start(console_app, acme, [acme.people["tom"]])
    away(console_app, acme, "tom", "samir", MONDAY + HOUR)
    agent, _ = world.agent(console_app)
    ours = asked.start(console_app, acme, {"approvers": [{"agent": str(agent.id)}]})
    asked.mails(console_app, MONDAY, acme)
    assert {seat.holder_name for seat in asked.seats(console_app, ours)} == {agent.name}
    with clock.at(MONDAY + 2 * HOUR):
        leave(console_app, acme.people["tom"])
    with world.as_staff(console_app) as by:
        found = tenants.visible_agent(agent.id, by=by)
        people.change_agent(found.id, version=found.version, is_active=False, by=by)
    asked.mails(console_app, MONDAY + 2 * HOUR, acme)
    assert [asked.open_names(console_app, each) for each in (covered, ours)] == [{"Samir"}, {"Admin"}]


def test_another_is_put_in_a_seat_by_whoever_manages_the_client(console_app: Any, acme: Any) -> None:
    approval = asked.start(console_app, acme, [acme.people["tom"], acme.people["samir"]])
    asked.mails(console_app, MONDAY, acme)
    seat = next(each for each in asked.seats(console_app, approval) if each.contact_id == acme.people["tom"].id)
    _, plain = world.agent(console_app)
    _, boss = world.agent(console_app, "admin")
    with world.acting(console_app, plain), pytest.raises(Forbidden):
        moving.reassign(approval.id, seat.id, acme.people["rosa"].e_mail, by=plain)
    with clock.at(MONDAY + HOUR), world.acting(console_app, boss):
        for wrong in ("", "nobody@nowhere.example", acme.people["samir"].e_mail, acme.people["requester"].e_mail):
            with pytest.raises(Invalid):
                moving.reassign(approval.id, seat.id, wrong, by=boss)
        moving.reassign(approval.id, seat.id, acme.people["rosa"].e_mail, by=boss)
    assert asked.open_names(console_app, approval) == {"Rosa", "Samir"}
    assert [address for address, _ in asked.mails(console_app, MONDAY + HOUR, acme)] == [acme.people["rosa"].e_mail]
    assert any(said.startswith(f"{boss.name} asked") for said in told(console_app, approval))


def test_nobody_who_has_left_is_mailed_again(console_app: Any, acme: Any) -> None:
    approval = asked.start(console_app, acme, [acme.people["tom"]])
    asked.mails(console_app, MONDAY, acme)
    seat = asked.seats(console_app, approval)[0]
    leave(console_app, acme.people["tom"])
    _, agent = world.agent(console_app)
    with world.acting(console_app, agent), pytest.raises(errors.HolderGone, match="has left, so nothing was sent"):
        linking.send_again(approval.id, seat.id, by=agent)


def test_who_gets_it_and_the_agent_who_ordered_do_not_decide_unless_they_count(console_app: Any, acme: Any) -> None:
    agent, actor = world.agent(console_app)
    barred = [Person("contact", str(acme.people["samir"].id)), Person("agent", str(agent.id))]
    asks = {"approvers": [{"role": "manager"}, {"agent": str(agent.id)}]}
    made = []
    for more in ({}, {"self_counts": True}):
        with clock.at(MONDAY), world.acting(console_app, actor):
            requester, chain = acme.people["requester"].id, asked.chain({**asks, **more})
            shown, kind = asked.shown(), asked.KIND
            made.append(asking.start(acme.id, kind, new_id(), shown, chain, by=actor, requester_id=requester, barred=barred))
    assert [asked.open_names(console_app, each) for each in made] == [{"Admin"}, {"Samir", agent.name.split(" ")[0]}]
    with world.acting(console_app, acme.actor("admin")) as by, pytest.raises(Invalid, match="gets it"):
        answering.delegate(made[0].id, acme.people["samir"].e_mail, by=by)
    with world.as_staff(console_app) as by:
        again = asking.change_shown(made[0].id, asked.shown(title="Two laptops"), by=by)
    assert asked.open_names(console_app, again) == {"Admin"}, "nor when it is asked anew"


def test_what_waits_goes_to_the_cover_when_he_begins(console_app: Any, acme: Any) -> None:
    now, later = (asked.start(console_app, acme, [acme.people[name]]) for name in ("tom", "samir"))
    asked.mails(console_app, MONDAY, acme)
    assert away(console_app, acme, "tom", "rosa") == 1
    assert asked.open_names(console_app, now) == {"Rosa"}
    assert away(console_app, acme, "samir", "admin", MONDAY + 2 * HOUR) == 0
    with clock.at(MONDAY + HOUR), world.as_staff(console_app) as by:
        moving.begin_covers(clock.now(), by=by)
    assert asked.open_names(console_app, later) == {"Samir"}
    with clock.at(MONDAY + 3 * HOUR), world.as_staff(console_app) as by:
        assert moving.are_covers_due(clock.now())
        assert moving.begin_covers(clock.now(), by=by) >= 1
        assert not moving.are_covers_due(clock.now())
    assert asked.open_names(console_app, later) == {"Admin"}
    sent = {address for address, _ in asked.mails(console_app, MONDAY + 3 * HOUR, acme)}
    assert sent == {acme.people[name].e_mail for name in ("rosa", "admin")}


def test_a_cover_who_is_away_is_covered_and_a_ring_covers_nobody(console_app: Any, acme: Any) -> None:
    away(console_app, acme, "tom", "samir")
    away(console_app, acme, "samir", "rosa")
    assert asked.open_names(console_app, asked.start(console_app, acme, [acme.people["tom"]])) == {"Rosa"}
    away(console_app, acme, "rosa", "tom")
    assert asked.open_names(console_app, asked.start(console_app, acme, [acme.people["tom"]])) == {"Tom"}


def test_an_account_manager_who_is_absent_is_passed_over(console_app: Any, acme: Any) -> None:
    (gone, here), (plain, own) = [world.agent(console_app, "account_manager")[0] for _ in range(2)], world.agent(console_app)
    with world.as_staff(console_app) as by:
        for each in (gone, plain):
            availability.add_absence(each.id, MONDAY - HOUR, MONDAY + HOUR, by=by)
    role, named = ({"approvers": [each]} for each in ({"role": "account_manager"}, {"agent": str(plain.id)}))
    during = [asked.start(console_app, acme, each) for each in (role, named)]
    asked.mails(console_app, MONDAY, acme)
    holders = [{seat.holder_name for seat in asked.seats(console_app, each)} for each in during]
    assert gone.name not in holders[0]
    assert here.name in holders[0]
    assert plain.name not in holders[1]
    assert len(holders[1]) == 1
    after = asked.start(console_app, acme, named, at=MONDAY + 2 * HOUR)
    asked.mails(console_app, MONDAY + 2 * HOUR, acme)
    assert {seat.holder_name for seat in asked.seats(console_app, after)} == {own.name}


def test_who_passes_on_what_was_passed_to_him_still_sees_it(console_app: Any, acme: Any) -> None:
    approval = asked.start(console_app, acme, [acme.people["tom"]])
    for holder, to in (("tom", "rosa"), ("rosa", "admin")):
        with clock.at(MONDAY + HOUR), world.acting(console_app, acme.actor(holder)) as by:
            answering.delegate(approval.id, acme.people[to].e_mail, by=by)
            assert queries.visible_approval(approval.id, by=by).id == approval.id
            assert queries.approval_page(by=by, which="decided").rows == [], "he decided nothing"
    with clock.at(MONDAY + HOUR), world.acting(console_app, acme.actor("admin")) as by:
        answering.decide(approval.id, True, by=by)
        assert [row.id for row in queries.approval_page(by=by, which="decided").rows] == [approval.id]


def test_a_seat_that_changed_hands_before_the_mail_is_mailed_once(console_app: Any, acme: Any) -> None:
    approval = asked.start(console_app, acme, [acme.people["tom"]])
    for holder, to in (("tom", "rosa"), ("rosa", "tom")):
        with clock.at(MONDAY), world.acting(console_app, acme.actor(holder)) as by:
            answering.delegate(approval.id, acme.people[to].e_mail, by=by)
    sent = asked.mails(console_app, MONDAY, acme)
    assert [address for address, _ in sent] == [acme.people["tom"].e_mail]
    with world.as_staff(console_app):
        assert [link.spent_at for link in queries.own_links(approval)] == [None], "the link that he has is good"
    assert "/decide/" in text_of(sent[0][1])
