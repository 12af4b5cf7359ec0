"""Reading what a form sent, and keeping it when something has to be put right."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import g, request

from msp.core.app import settings
from msp.core.db import apart, current_scope
from msp.core.errors import FieldError, MspError
from msp.core.web.formats import file_size
from msp.itsm.catalog import questions
from msp.itsm.tickets import queries
from msp.itsm.tickets.models import Attachment
from msp.itsm.tickets.services import files


def text(name: str) -> str:
    """What was typed, without blanks around it and with plain line ends."""
    return request.form.get(name, "").replace("\r\n", "\n").replace("\0", "").strip()


def one_id(name: str) -> UUID | None:
    """The chosen id; None where nothing readable was chosen, which the services refuse where they need one."""
    return as_id(request.form.get(name, ""))


def as_id(value: str) -> UUID | None:
    try:
        return UUID(value)
    except ValueError:
        return None


def number(name: str) -> int:
    """The chosen whole number; 0 where none was chosen."""
    value = request.form.get(name, "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 9 else 0


def by_field(error: MspError) -> dict[str, str]:
    """The messages of an error by the name of their field."""
    return {wrong.pointer.strip("/").split("/")[0]: wrong.message for wrong in error.errors}


class Files:
    """The files of a form: those sent before, whose ids it carries, and those that came with it.

    What came with the form is stored in a transaction of its own, so that it is still there when the rest is refused.
    """

    def __init__(self, field: str = "files", kept: str = "attachment") -> None:
        self.errors: list[FieldError] = []
        ids = [id for id in map(as_id, request.form.getlist(kept)[: self.most]) if id is not None]
        sent = [file for file in request.files.getlist(field) if file.filename]
        if len(ids) + len(sent) > self.most:
            self.errors.append(FieldError(f"/{field}", "too_many", f"At most {self.most} files at a time."))
            sent = sent[: max(0, self.most - len(ids))]
        tenant_id, by = g.host.id, g.actor  # a transaction apart has a `g` of its own
        for file in sent:
            try:
                with apart(current_scope()):
                    row = files.upload(
                        tenant_id, file.filename or "file", file.stream, declared=file.mimetype, by=by
                    )
                ids.append(row.id)
            except MspError as error:
                self.errors.append(FieldError(f"/{field}", error.code, f"{file.filename}: {error.message}"))
        self.ids = ids

    @property
    def most(self) -> int:
        return settings().max_files_per_message

    def kept(self) -> Iterable[Attachment]:
        """The rows to be shown again."""
        return queries.pending_files(g.host.id, self.ids, by=g.actor)


def answers(form: Mapping[str, Any]) -> tuple[dict[str, Any], Sequence[FieldError]]:
    """What was answered to an item's questions, with the ids of the files taken; and what is wrong with those that were not."""
    typed, wrong = questions.typed(form, request.form), list[FieldError]()
    for name in questions.file_names(form):
        sent = Files(questions.PREFIX + name, questions.PREFIX + name)
        typed[name] = [str(id) for id in sent.ids]
        wrong += sent.errors
    return typed, wrong


def by_question(error: MspError | None) -> dict[str, str]:
    """Messages by the name of the field; those about answers by that of the question."""
    found = {}
    for wrong in error.errors if error else ():
        pointer = wrong.pointer.strip("/")
        is_answer = pointer.startswith("answers/")
        found[questions.PREFIX + pointer.removeprefix("answers/") if is_answer else pointer.split("/")[0]] = wrong.message
    return found


def files_hint() -> str:
    """How many files of which size are taken."""
    return f"Up to {settings().max_files_per_message} files, {file_size(settings().max_file_bytes)} each"


def as_count(value: str) -> int:
    """A small number in an address; 0 where there is none."""
    return int(value) if value.isascii() and value.isdigit() and len(value) < 4 else 0
