"""Finding one of a client's people by what was typed: the whole name, an address, or the beginning of either."""

from uuid import UUID

from msp.core.actor import Actor
from msp.core.errors import Invalid
from tenants import queries as tenants
from tenants.models import Contact

OFFERED = 10


def named(tenant_id: UUID, typed: str, *, field: str, by: Actor) -> Contact | None:
    """The contact that is meant; None where nothing was typed, Invalid where it fits nobody or several."""
    wanted = address(" ".join(typed.replace("\0", "").split()))
    if not wanted:
        return None
    found = tenants.contacts_matching(tenant_id, wanted, by=by, limit=OFFERED)
    exact = [each for each in found if wanted.lower() in (each.name.lower(), each.e_mail)]
    fitting = exact or list(found)
    if not fitting:
        raise Invalid.field(field, f"Nobody at this client is called “{wanted}”.", "unknown")
    if len(fitting) > 1:
        names = "; ".join(label(each) for each in fitting[:5])
        raise Invalid.field(field, f"Several people fit: {names}. Say which one by e-mail address.", "ambiguous")
    return fitting[0]


def label(contact: Contact) -> str:
    """Name and address, as the suggestions show and send them."""
    return f"{contact.name} <{contact.e_mail}>" if contact.e_mail else contact.name


def address(text: str) -> str:
    """The address in `Name <address>`; any other text as it is."""
    _, bracket, rest = text.partition("<")
    return rest.removesuffix(">").strip() if bracket and rest.endswith(">") else text
