"""What somebody may name in an answer: the client's sites, the people that he may see, the files that he sent or its request has."""

from collections.abc import Iterable, Mapping
from functools import cached_property
from uuid import UUID

from msp.core.actor import Actor
from msp.itsm.tickets import queries as tickets
from msp.itsm.tickets.models import Ticket
from tenants import directory
from tenants import queries as tenants

MOST_PEOPLE = 200


class OfClient:
    """Ids and names, each kind read once and only where a form asks for it; `ticket` where it was ordered already."""

    def __init__(self, tenant_id: UUID, *, by: Actor, file_ids: Iterable[UUID] = (), ticket: Ticket | None = None) -> None:
        self.tenant_id, self.by, self.file_ids, self.ticket = tenant_id, by, tuple(file_ids), ticket

    def allowed(self, kind: str) -> Mapping[str, str]:
        """Names by id for `person`, `site` and, of `file_ids`, `file`; nothing for kinds that cannot be asked yet."""
        if kind == "site":
            return self._sites
        if kind == "file":
            return self._files
        return self._people if kind == "person" else {}

    @cached_property
    def _sites(self) -> dict[str, str]:
        return {str(site.id): site.name for site in tenants.sites(self.tenant_id, by=self.by) if site.is_active}

    @cached_property
    def _files(self) -> dict[str, str]:
        """Those that hang on the ticket, or wait for it: sent by whoever orders, not older than a day."""
        if not self.file_ids:
            return {}
        bound = tickets.attachments(self.ticket, by=self.by) if self.ticket else ()
        named = [row for row in bound if row.id in self.file_ids and not row.is_internal]
        return {str(row.id): row.name for row in (*named, *tickets.pending_files(self.tenant_id, self.file_ids, by=self.by))}

    @cached_property
    def _people(self) -> dict[str, str]:
        """The first of the company by name; whoever may not read the list of people names himself."""
        if self.by.is_contact and not self.by.may("contact.read"):
            return {str(self.by.id): self.by.name}
        found = directory.people(self.tenant_id, by=self.by, limit=MOST_PEOPLE).rows
        return {str(contact.id): contact.name for contact in found if contact.is_active}
