"""What an agent answers to the form of an item in a client's place."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from flask import g, request

from agent_console.attachments import Attachments
from msp.core.errors import FieldError, MspError
from msp.itsm.catalog import questions

_NAMES = {"/contact_id": "/contact", "/for_contact_id": "/for"}


@dataclass(frozen=True)
class Answered:
    """What was typed, with the ids of the files that came along or were sent before."""

    typed: dict[str, Any]
    files: list[Attachments]

    def require_files(self) -> None:
        """Raise Invalid where a file was not taken."""
        for each in self.files:
            each.require_whole()


def answered(tenant_id: UUID, form: Mapping[str, Any]) -> Answered:
    """The answers of the form that was posted."""
    typed, files = questions.typed(form, request.form), []
    for name in questions.file_names(form):
        field = questions.PREFIX + name
        files.append(Attachments(tenant_id, by=g.actor, field=field, kept=field))
        typed[name] = [str(id) for id in files[-1].ids]
    return Answered(typed, files)


def placed(error: MspError | None) -> MspError | None:
    """The error with each fault under the field that it was typed in."""
    if error is None or not error.errors:
        return error
    return type(error)(error.message, errors=[_placed(each) for each in error.errors])


def _placed(wrong: FieldError) -> FieldError:
    pointer = _NAMES.get(wrong.pointer, wrong.pointer)
    is_answer = pointer.startswith("/answers/")
    return replace(wrong, pointer=f"/{questions.PREFIX}{pointer.removeprefix('/answers/')}" if is_answer else pointer)
