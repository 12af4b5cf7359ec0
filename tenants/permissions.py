"""Permissions, and the shipped roles as sets of them: one table for all who ask what a role may do."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Literal


class Permission(StrEnum):
    """What can be allowed. The first word is the thing, the second the act."""

    # the provider's side
    CONSOLE_USE = "console.use"
    CLIENT_READ = "client.read"
    CLIENT_MANAGE = "client.manage"
    AGENT_MANAGE = "agent.manage"
    TEAM_MANAGE = "team.manage"
    ROLE_GRANT = "role.grant"
    INVITATION_SHOW = "invitation.show"
    SLA_READ = "sla.read"
    SLA_MANAGE = "sla.manage"
    SLA_EXEMPT = "sla.exempt"
    FACT_BACKDATE = "fact.backdate"
    TICKET_ASSIGN = "ticket.assign"
    TICKET_TRIAGE = "ticket.triage"
    TICKET_REFILE = "ticket.refile"
    TICKET_ANY_MOVE = "ticket.any_move"
    NOTE_WRITE = "note.write"
    MACRO_MANAGE = "macro.manage"
    RECURRING_MANAGE = "recurring.manage"
    ANNOUNCE = "announcement.manage"
    AUTOMATE = "automation.manage"
    ARTICLE_MANAGE = "article.manage"
    CATALOG_MANAGE = "catalog.manage"
    PROBLEM_MANAGE = "problem.manage"
    CHANGE_MANAGE = "change.manage"
    REPORT_MANAGE = "report.manage"
    BILLING_MANAGE = "billing.manage"
    OUTBOX_MANAGE = "outbox.manage"
    AUDIT_READ = "audit.read"
    SETTINGS_MANAGE = "settings.manage"
    # both sides
    TICKET_READ = "ticket.read"
    TICKET_OPEN = "ticket.open"
    TICKET_REPLY = "ticket.reply"
    TICKET_MOVE = "ticket.move"
    CONTACT_READ = "contact.read"
    CONTACT_MANAGE = "contact.manage"
    CONTACT_APPOINT = "contact.appoint"
    SITE_MANAGE = "site.manage"
    TOKEN_MANAGE = "token.manage"  # noqa: S105 - the name of a permission
    BRANDING_MANAGE = "branding.manage"
    APPROVAL_READ = "approval.read"
    APPROVAL_ANSWER = "approval.answer"
    # the clients' side
    PORTAL_USE = "portal.use"
    TICKET_READ_SITE = "ticket.read_site"
    TICKET_READ_COMPANY = "ticket.read_company"
    APPROVE = "approval.decide"
    ORDER_FOR = "catalog.order_for"


P = Permission

_READ = {P.CONSOLE_USE, P.CLIENT_READ, P.TICKET_READ, P.CONTACT_READ, P.SLA_READ, P.APPROVAL_READ}
_AGENT = _READ | {
    P.TICKET_OPEN, P.TICKET_REPLY, P.TICKET_MOVE, P.TICKET_ASSIGN, P.TICKET_TRIAGE, P.TICKET_REFILE, P.NOTE_WRITE,
    P.TOKEN_MANAGE, P.APPROVAL_ANSWER, P.ARTICLE_MANAGE,
}
_LEAD = _AGENT | {
    P.MACRO_MANAGE, P.AUTOMATE, P.RECURRING_MANAGE, P.ANNOUNCE, P.CATALOG_MANAGE, P.FACT_BACKDATE, P.SLA_EXEMPT, P.CONTACT_MANAGE,
    P.SITE_MANAGE, P.TEAM_MANAGE, P.AUDIT_READ,
}
_REQUESTER = {
    P.PORTAL_USE, P.TICKET_READ, P.TICKET_OPEN, P.TICKET_REPLY, P.TICKET_MOVE, P.TOKEN_MANAGE, P.APPROVAL_READ,
    P.APPROVAL_ANSWER,
}
_MANAGER = _REQUESTER | {P.TICKET_READ_COMPANY, P.CONTACT_READ, P.SLA_READ, P.ORDER_FOR}

AGENT_ROLES: dict[str, frozenset[Permission]] = {
    "admin": frozenset(set(P) - {P.PORTAL_USE, P.TICKET_READ_SITE, P.TICKET_READ_COMPANY, P.APPROVE, P.ORDER_FOR, P.TICKET_ANY_MOVE}),
    "lead": frozenset(_LEAD),
    "agent": frozenset(_AGENT),
    "problem_manager": frozenset(_AGENT | {P.PROBLEM_MANAGE}),
    "change_manager": frozenset(_AGENT | {P.CHANGE_MANAGE}),
    "account_manager": frozenset(
        _READ | {P.NOTE_WRITE, P.SLA_MANAGE, P.SLA_EXEMPT, P.REPORT_MANAGE, P.CONTACT_MANAGE, P.SITE_MANAGE, P.ANNOUNCE,
                 P.BRANDING_MANAGE, P.CONTACT_APPOINT, P.TOKEN_MANAGE, P.APPROVAL_ANSWER, P.CATALOG_MANAGE}
    ),
    "billing": frozenset(_READ | {P.BILLING_MANAGE, P.TOKEN_MANAGE}),
    "read_only": frozenset(_READ),
}
CONTACT_ROLES: dict[str, frozenset[Permission]] = {
    "requester": frozenset(_REQUESTER),
    "site_manager": frozenset(_REQUESTER | {P.TICKET_READ_SITE, P.CONTACT_READ, P.ORDER_FOR}),
    "manager": frozenset(_MANAGER),
    "approver": frozenset(_REQUESTER | {P.APPROVE}),
    "client_admin": frozenset(_MANAGER | {P.CONTACT_MANAGE, P.SITE_MANAGE, P.BRANDING_MANAGE, P.ROLE_GRANT}),
}
ROLE_WORDS: dict[str, str] = {
    "admin": "Administrator", "lead": "Team lead", "agent": "Agent", "problem_manager": "Problem manager",
    "change_manager": "Change manager", "account_manager": "Account manager", "billing": "Billing",
    "read_only": "Read only", "requester": "Requester", "site_manager": "Site manager", "manager": "Manager",
    "approver": "Approver", "client_admin": "Client administrator",
}


def permissions_of(roles: Iterable[str], *, agent: bool) -> frozenset[str]:
    """The union of what the roles allow; an unknown role allows nothing."""
    table = AGENT_ROLES if agent else CONTACT_ROLES
    return frozenset().union(*(table.get(role, frozenset()) for role in roles))


# What a contact sees and does as one of his company: whoever manages people from our side gives it without holding it.
_MEMBERSHIP = frozenset(_MANAGER | {P.TICKET_READ_SITE, P.APPROVE})
# What a client's administrator gives though he does not hold it: it is about his own company only.
_OF_ONES_COMPANY = frozenset({P.TICKET_READ_SITE, P.APPROVE})


def lacking(roles: Iterable[str], *, agent: bool, held: frozenset[str], is_contact: bool) -> frozenset[str]:
    """What somebody who holds `held` lacks to give these roles, or to take them away: nobody grants what he lacks.

    Roles of agents need `role.grant` and all that they bring. So do those of contacts among contacts. On our side a contact's
    membership needs `contact.manage`; what goes beyond it, the right over others and over the portal, `contact.appoint`.
    """
    brought = permissions_of(roles, agent=agent)
    if agent:
        needed = brought | {P.ROLE_GRANT}
    elif is_contact:
        needed = (brought - _OF_ONES_COMPANY) | {P.ROLE_GRANT}
    else:
        needed = frozenset({P.CONTACT_MANAGE, P.CONTACT_APPOINT} if brought - _MEMBERSHIP else {P.CONTACT_MANAGE})
    return needed - held


def audience(permission: str) -> Literal["agent", "contact", "signed_in"]:
    """Who can have a permission at all, by the roles that there are."""
    agents, contacts = permissions_of(AGENT_ROLES, agent=True), permissions_of(CONTACT_ROLES, agent=False)
    return "signed_in" if permission in agents & contacts else "contact" if permission in contacts else "agent"
