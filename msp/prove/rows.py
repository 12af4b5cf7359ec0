"""A row in every client table of a client, written by the owner straight from the catalogue.

The values are read off the columns' types and the tables' checks, so that a new table is covered without a word here.
"""

import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import psycopg
import sqlalchemy as sa
from psycopg.types.json import Jsonb

from msp.core.db import Base
from msp.core.files.storage import file_key
from msp.core.ids import new_id
from msp.core.tables import registry


def fill(owner_url: str, tenant_id: UUID, canary: str = "canary") -> dict[str, UUID]:
    """Give every client table a row of this client (where it has none); ids by table. `canary` stands in every free text."""
    made: dict[str, UUID] = {}
    with psycopg.connect(owner_url) as connection:
        for table in client_tables():
            found = connection.execute(f"SELECT id FROM {table.name} WHERE tenant_id = %s ORDER BY id LIMIT 1", (tenant_id,)).fetchone()
            made[table.name] = found[0] if found else _insert(connection, table, tenant_id, made, canary)
    return made


def client_tables() -> Iterator[sa.Table]:
    """Client tables, those that others point to first."""
    kinds = registry()
    for table in Base.metadata.sorted_tables:
        if table.name in kinds and kinds[table.name].kind == "client":
            yield table


def _insert(connection: Any, table: sa.Table, tenant_id: UUID, made: dict[str, UUID], canary: str) -> UUID:
    values = {column.name: _value(connection, column, table, tenant_id, made, canary) for column in table.columns if _is_needed(column)}
    values |= {"tenant_id": tenant_id}
    if "id" in table.columns:
        values["id"] = new_id()
    names = ", ".join(values)
    marks = ", ".join(["%s"] * len(values))
    connection.execute(f"INSERT INTO {table.name} ({names}) VALUES ({marks})", list(values.values()))
    made_id: UUID = values.get("id", tenant_id)
    return made_id


def _is_needed(column: sa.Column[Any]) -> bool:
    if column.name in ("tenant_id", "id") or column.computed is not None:
        return False
    if column.name == "is_internal" or _is_first_of_two(column) or _goes_along(column):
        return True
    if column.server_default is not None:
        return False
    return not column.nullable or (isinstance(column.type, sa.Text) and not column.foreign_keys)


def _is_first_of_two(column: sa.Column[Any]) -> bool:
    """Whether a check wants exactly one of two columns and names this one first."""
    checks = (str(c.sqltext) for c in column.table.constraints if isinstance(c, sa.CheckConstraint))
    return any(text.startswith(f"({column.name} IS NULL) <>") for text in checks)


def _goes_along(column: sa.Column[Any]) -> bool:
    """Whether a check wants it to be filled where a text before it is."""
    checks = (str(c.sqltext) for c in column.table.constraints if isinstance(c, sa.CheckConstraint))
    found = (re.fullmatch(rf"\((\w+) IS NULL\) = \({column.name} IS NULL\)", text) for text in checks)
    return any(match and isinstance(column.table.columns[match.group(1)].type, sa.Text) for match in found)


def _value(connection: Any, column: sa.Column[Any], table: sa.Table, tenant_id: UUID, made: dict[str, UUID], canary: str) -> Any:
    if column.name == "is_internal":
        return False
    if column.name in ("storage_key", "preview_key"):
        return file_key(tenant_id, new_id())
    for key in column.foreign_keys:
        target = key.column.table.name
        if target in made and _is_another(column):
            return _another(connection, key.column.table, tenant_id, made, canary)
        if target in made:
            return made[target]
        if target != "tenant":
            return _provider_row(connection, key.column.table, made, canary)
    if column.name == "rule":
        return "FREQ=DAILY"
    if allowed := _allowed(table, column.name):
        return allowed
    return _by_type(column, canary)


def _is_another(column: sa.Column[Any]) -> bool:
    """Whether a check wants a row here that is not the one of the column before."""
    checks = (str(c.sqltext) for c in column.table.constraints if isinstance(c, sa.CheckConstraint))
    return any(text.endswith(f"<> {column.name}") for text in checks)


def _another(connection: Any, table: sa.Table, tenant_id: UUID, made: dict[str, UUID], canary: str) -> UUID:
    """A second row of a table; made where there is but one."""
    query = f"SELECT id FROM {table.name} WHERE tenant_id = %s AND id <> %s LIMIT 1"
    row = connection.execute(query, (tenant_id, made[table.name])).fetchone()
    found: UUID = row[0] if row else _insert(connection, table, tenant_id, made, f"{canary}-too")
    return found


def _provider_row(connection: Any, table: sa.Table, made: dict[str, UUID], canary: str) -> UUID:
    """Some row of a table of the provider; made where there is none."""
    row = connection.execute(f"SELECT id FROM {table.name} LIMIT 1").fetchone()
    if row:
        found: UUID = row[0]
        return found
    provider = connection.execute("SELECT provider_id FROM installation").fetchone()
    return _insert(connection, table, provider[0], made, "provider")


def _allowed(table: sa.Table, column: str) -> str | None:
    """The first word that a check constraint lists for the column."""
    for constraint in table.constraints:
        if isinstance(constraint, sa.CheckConstraint):
            found = re.search(rf"\b{column} IN \('([^']+)'", str(constraint.sqltext))
            if found:
                return found.group(1)
            if re.search(rf"\b{column} ~ '\^#", str(constraint.sqltext)):
                return "#123456"
    return None


def _by_type(column: sa.Column[Any], canary: str) -> Any:
    kind = column.type
    if isinstance(kind, sa.Uuid):
        return new_id()
    if isinstance(kind, sa.Boolean):
        return False
    if isinstance(kind, sa.Integer | sa.Numeric):
        return 1
    if isinstance(kind, sa.DateTime):
        return "2027-01-02T00:00:00Z" if column.name.startswith("until") else "2027-01-01T00:00:00Z"
    if isinstance(kind, sa.Date):
        return "2027-01-01"
    if isinstance(kind, sa.Time):
        return "08:00"
    if isinstance(kind, sa.ARRAY):
        return []
    if isinstance(kind, sa.JSON):
        return Jsonb({})
    if isinstance(kind, sa.LargeBinary):
        return b"x"
    words = f"{canary}-{column.table.name}-{column.name}".lower()
    return f"{words}@{canary}.example" if "mail" in column.name else words


def spread_canary(owner_url: str, tenant_id: UUID, canary: str) -> tuple[int, list[str]]:
    """Put the canary into every free text of the client's rows that does not carry it yet, also where there is none.

    Returns how many columns of text carry it, and the names of those that do not.
    """
    carrying, bare = 0, []
    with psycopg.connect(owner_url) as connection:
        for table in client_tables():
            for column in table.columns:
                if _is_free_text(table, column):
                    _spread(connection, table.name, column.name, tenant_id, canary)
                if isinstance(column.type, sa.Text) and not column.foreign_keys and column.computed is None:
                    query = f"SELECT 1 FROM {table.name} WHERE tenant_id = %s AND {column.name} ILIKE %s LIMIT 1"
                    if connection.execute(query, (tenant_id, f"%{canary}%")).fetchone():
                        carrying += 1
                    else:
                        bare.append(f"{table.name}.{column.name}")
        connection.execute(
            "UPDATE ticket SET custom = custom || (SELECT jsonb_object_agg(key, %s::text) FROM custom_field WHERE tenant_id = %s)"
            " WHERE tenant_id = %s",
            (canary, tenant_id, tenant_id),
        )
    return carrying, bare


def _spread(connection: Any, table: str, column: str, tenant_id: UUID, canary: str) -> None:
    """Append the word to a text; an address gets one of its own, and so does what is empty. A rule of the table may refuse."""
    own = f"'canary-' || right(id::text, 12) || '@{canary}.example'" if "mail" in column else f"'{canary} ' || right(id::text, 12)"
    if column == "logo_svg":
        own = f"'<svg xmlns=\"http://www.w3.org/2000/svg\"><title>{canary}</title></svg>'"
    longer = own if "mail" in column else f"{column} || ' {canary}'"
    for words, condition in ((longer, f"{column} NOT ILIKE %s"), (own, f"{column} IS NULL AND %s::text IS NOT NULL")):
        try:
            with connection.transaction():
                connection.execute(
                    f"UPDATE {table} SET {column} = {words} WHERE tenant_id = %s AND {condition}", (tenant_id, f"%{canary}%")
                )
        except psycopg.errors.IntegrityError:
            continue


# Texts with a meaning of their own: changing them would make the row another one.
_MEANINGFUL = frozenset(
    {"ref", "roles", "kind", "subject_kind",
      "status", "state", "step", "standing", "sla_clock", "outcome", "storage_key", "preview_key", "sha256",
     "content_type", "actor_kind", "author_kind", "uploader_kind", "via", "source", "priority", "colour", "language", "time_zone",
     "held_reason", "sla_outcome", "sla_standing", "rule", "shown_hash"}
)  # fmt: skip


def _is_free_text(table: sa.Table, column: sa.Column[Any]) -> bool:
    if not isinstance(column.type, sa.Text) or column.computed is not None or column.foreign_keys or column.primary_key:
        return False
    return column.name not in _MEANINGFUL and _allowed(table, column.name) is None
