"""The editors of service levels as a browser uses them: the form of a page, some fields changed, sent again."""

from typing import Any

import sqlalchemy as sa

from msp.core import clock
from msp.core.db import db
from msp.itsm.sla import library
from msp.itsm.sla.models import Definition, DefinitionVersion
from tests.agent_console.conftest import TEN
from tests.support import pages, world


def find(app: Any, company: Any, kind: str, name: str | None = None) -> Definition:
    statement = sa.select(Definition).where(Definition.tenant_id == company.id, Definition.kind == kind)
    with world.as_staff(app):
        return db.session.scalars(statement.where(Definition.name == name if name else Definition.is_default)).one()


def versions(app: Any, definition: Definition) -> list[DefinitionVersion]:
    with world.as_staff(app):
        return list(library.versions(definition))


def path_of(definition: Definition) -> str:
    return f"/service-levels/{definition.id}"


def form_of(desk: Any, path: str, **changes: Any) -> Any:
    """The editor's fields as the page shows them, some of them changed."""
    form = pages.fields(desk.get(path).text, "edit")
    for name, value in changes.items():
        form.setlist(name, value if isinstance(value, list) else [value])
    form.poplist("csrf_token")
    return form


def send(desk: Any, path: str, form: Any, act: str, **headers: str) -> Any:
    desk._csrf = desk._csrf or world.csrf(desk.client)
    data = {**form.to_dict(flat=False), "act": act, "csrf_token": desk._csrf}
    with clock.at(TEN):
        return desk.client.post(path, data=data, headers=headers)
