"""Files that an agent sends with what he writes."""

from collections.abc import Sequence
from uuid import UUID

from flask import request

from msp.core.actor import Actor
from msp.core.app import settings
from msp.core.db import apart, current_scope
from msp.core.errors import FieldError, Invalid, MspError
from msp.itsm.tickets import queries
from msp.itsm.tickets.models import Attachment
from msp.itsm.tickets.services import files


class Attachments:
    """The files of a form: those sent ahead, whose ids it carries, and those that came with it.

    What came with the form is stored in a transaction of its own, so that it is still there when the text is refused.
    """

    def __init__(self, tenant_id: UUID, *, by: Actor, field: str = "files", kept: str = "attachment") -> None:
        self.tenant_id, self._by = tenant_id, by
        self.ids = [id for id in map(_read, request.form.getlist(kept)) if id is not None]
        self._wrong: list[FieldError] = []
        sent = [file for file in request.files.getlist(field) if file.filename]
        if len(self.ids) + len(sent) > settings().max_files_per_message:
            words = f"At most {settings().max_files_per_message} files in one message."
            self._wrong.append(FieldError(f"/{field}", "too_many", words))
            return
        for file in sent:
            try:
                with apart(current_scope()):
                    row = files.upload(tenant_id, file.filename or "file", file.stream, declared=file.mimetype, by=by)
                    self.ids.append(row.id)
            except MspError as error:
                self._wrong.append(FieldError(f"/{field}", error.code, f"{file.filename}: {error.message}"))

    def require_whole(self) -> None:
        """Raise Invalid where a file was not taken: nothing is sent without it."""
        if self._wrong:
            raise Invalid(" ".join(error.message for error in self._wrong), errors=self._wrong)

    def kept(self) -> Sequence[Attachment]:
        """What was taken, to be offered again."""
        return queries.pending_files(self.tenant_id, self.ids, by=self._by)


def _read(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
