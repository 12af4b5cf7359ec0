"""What a contact may do in the portal, asked where pages decide what to offer; services ask again."""

from uuid import UUID

from msp.core.actor import Actor
from tenants.permissions import Permission


def sees_company(by: Actor) -> bool:
    """Whether he sees others' requests: a manager the company's, a site manager those of his sites."""
    return by.may(Permission.TICKET_READ_COMPANY) or bool(by.site_ids)


def lists_with_company(by: Actor, site_id: UUID | None) -> bool:
    """Whether a colleague's request about this site stands in the company's list, and not only among what is shared with him."""
    return by.may(Permission.TICKET_READ_COMPANY) or site_id in by.site_ids


def sees_clocks(by: Actor) -> bool:
    """Whether he sees every running clock of the company."""
    return by.may(Permission.SLA_READ)


def manages_people(by: Actor) -> bool:
    return by.may(Permission.CONTACT_MANAGE)
