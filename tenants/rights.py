"""Permissions in words: what somebody would need, and who could give it to him."""

from collections.abc import Mapping

from tenants.permissions import AGENT_ROLES, CONTACT_ROLES, ROLE_WORDS, Permission

P = Permission
# What follows on “the right to …”.
WORDS: Mapping[str, str] = {
    P.CONSOLE_USE: "use the console",
    P.CLIENT_READ: "read the list of clients",
    P.CLIENT_MANAGE: "add and change clients",
    P.AGENT_MANAGE: "add and change agents",
    P.TEAM_MANAGE: "lead teams",
    P.ROLE_GRANT: "grant roles",
    P.INVITATION_SHOW: "see an invitation instead of having it mailed",
    P.SLA_READ: "read service levels",
    P.SLA_MANAGE: "change service levels",
    P.SLA_EXEMPT: "exempt a ticket from its service level",
    P.FACT_BACKDATE: "enter what happened earlier",
    P.TICKET_ASSIGN: "assign tickets",
    P.TICKET_TRIAGE: "classify tickets",
    P.TICKET_REFILE: "re-file tickets",
    P.TICKET_ANY_MOVE: "move tickets past the table of moves",
    P.NOTE_WRITE: "write internal notes",
    P.MACRO_MANAGE: "change canned replies",
    P.RECURRING_MANAGE: "plan recurring tickets",
    P.AUTOMATE: "change rules of automation",
    P.ANNOUNCE: "publish announcements",
    P.ARTICLE_MANAGE: "write and publish articles",
    P.CATALOG_MANAGE: "change the catalogue",
    P.PROBLEM_MANAGE: "manage problems",
    P.CHANGE_MANAGE: "manage changes",
    P.REPORT_MANAGE: "manage reports",
    P.BILLING_MANAGE: "manage billing",
    P.OUTBOX_MANAGE: "look after outgoing work",
    P.AUDIT_READ: "read the audit trail",
    P.SETTINGS_MANAGE: "change the settings",
    P.TICKET_READ: "read tickets",
    P.TICKET_OPEN: "open tickets",
    P.TICKET_REPLY: "reply to tickets",
    P.TICKET_MOVE: "move tickets",
    P.CONTACT_READ: "read the list of people",
    P.CONTACT_MANAGE: "add and change people",
    P.CONTACT_APPOINT: "make somebody a client’s administrator",
    P.SITE_MANAGE: "add and change sites",
    P.TOKEN_MANAGE: "make API tokens",
    P.BRANDING_MANAGE: "change a portal’s look",
    P.PORTAL_USE: "use the portal",
    P.TICKET_READ_SITE: "read the requests of a site",
    P.TICKET_READ_COMPANY: "read the company’s requests",
    P.APPROVE: "approve requests",
    P.APPROVAL_READ: "read approvals",
    P.APPROVAL_ANSWER: "answer approvals",
    P.ORDER_FOR: "order for colleagues",
}


def right_words(permission: str) -> str:
    """`read the audit trail`; of several, any of which would do, each."""
    return " or to ".join(WORDS.get(each, each) for each in permission.split(" or "))


def who_grants(permission: str, *, agent: bool) -> str:
    """Which roles bring it, and who grants them; empty where none of this side does."""
    wanted, table = permission.split(" or "), AGENT_ROLES if agent else CONTACT_ROLES
    roles = [ROLE_WORDS[role] for role, held in table.items() if held.intersection(wanted)]
    if not roles:
        return ""
    who = "an administrator" if agent else "your company’s client administrator"
    if len(roles) == 1:
        return f"It comes with the role {roles[0]}, which {who} can give you."
    return f"It comes with the roles {', '.join(roles[:-1])} and {roles[-1]}; {who} can give you one of them."
