"""Permissions in words."""

import pytest

from msp.core.actor import Actor
from msp.core.errors import Forbidden
from tenants.permissions import AGENT_ROLES, CONTACT_ROLES, Permission
from tenants.rights import WORDS, right_words, who_grants


def test_every_permission_has_words_of_its_own() -> None:
    assert set(WORDS) == set(Permission)
    assert len(set(WORDS.values())) == len(WORDS)


def test_it_says_which_roles_bring_it() -> None:
    assert who_grants("branding.manage", agent=False) == (
        "It comes with the role Client administrator, which your company’s client administrator can give you."
    )
    assert who_grants("sla.manage", agent=False) == "", "nobody of a client has it"
    assert who_grants("ticket.any_move", agent=True) == "", "nobody has it"
    for permission in Permission:
        for is_agent, table in ((True, AGENT_ROLES), (False, CONTACT_ROLES)):
            assert bool(who_grants(permission, agent=is_agent)) == any(permission in held for held in table.values())


def test_a_refusal_speaks_in_words_and_tells_programs_the_name(console_app: object) -> None:
    nobody = Actor.system("nobody")
    with pytest.raises(Forbidden, match="right to read the audit trail") as refused:
        nobody.require(Permission.AUDIT_READ)
    assert refused.value.members == {"permission": "audit.read"}
    with pytest.raises(Forbidden, match="right to open tickets or to reply to tickets"):
        nobody.require_any(Permission.TICKET_OPEN, Permission.TICKET_REPLY)
    assert right_words("unknown.right") == "unknown.right"
