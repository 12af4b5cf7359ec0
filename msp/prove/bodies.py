"""What to put into a body so that every id in it is a foreign one: the names come from schemas and templates."""

import re
from pathlib import Path
from typing import Any
from uuid import UUID

from flask import Flask

_NAME = re.compile(r"""name=["']([a-z_]+)["']|(?:field|select|textarea|choices|checkbox)\(\s*["']([a-z_]+)["']""")
_ID = re.compile(r"(^|_)(ids?|ref|client|tenant|requester|assignee|team|contact|agent|site|category|policy|calendar)(_ids?)?$")
_ENDS = ("sign_out", "end_other_sessions")


def id_fields(app: Flask) -> dict[str, bool]:
    """Names of fields that may carry an id (True) or something else (False), over every form and schema."""
    names: set[str] = set()
    for folder in _template_folders(app):
        for file in folder.rglob("*.html"):
            for found in _NAME.finditer(file.read_text()):
                names.add(found.group(1) or found.group(2))
    names |= _schema_names()
    return {name: bool(_ID.search(name)) for name in sorted(names - {"csrf_token"})}


def form_body(fields: dict[str, bool], id: UUID) -> dict[str, str]:
    """Every field of every form: ids foreign, the rest harmless."""
    return {name: str(id) if is_id else _harmless(name) for name, is_id in fields.items()}


def json_body(fields: dict[str, bool], id: UUID) -> dict[str, Any]:
    """The same for the API; lists where the name says so."""
    return {
        name: ([str(id)] if name.endswith("_ids") else str(id)) if is_id else _harmless(name) for name, is_id in fields.items()
    }


def ends_session(endpoint: str) -> bool:
    """Routes that would sign the walker out; their gates are tested elsewhere."""
    return endpoint.rpartition(".")[2] in _ENDS


def _harmless(name: str) -> str:
    return {"version": "1", "impact": "2", "urgency": "2", "priority": "3", "kind": "incident", "roles": "requester"}.get(name, "proof")


def _template_folders(app: Flask) -> set[Path]:
    folders = {Path(app.root_path) / str(app.template_folder)}
    for blueprint in app.blueprints.values():
        if blueprint.template_folder:
            folders.add(Path(blueprint.root_path) / blueprint.template_folder)
    return folders


def _schema_names() -> set[str]:
    from marshmallow import Schema

    names: set[str] = set()
    queue: list[type[Schema]] = [Schema]
    while queue:
        schema = queue.pop()
        queue.extend(schema.__subclasses__())
        names |= set(getattr(schema, "_declared_fields", {}))
    return names
