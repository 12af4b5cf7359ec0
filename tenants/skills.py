"""What agents know, in words: each kept in one form, so that rules find it again."""

import unicodedata
from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from msp.core.db import db
from msp.core.errors import Invalid
from tenants.models import Agent

MOST, LONGEST, MOST_LISTED = 30, 40, 500


def normal(text: str) -> str:
    """A skill in the form that it is kept in: `  X-Ray   Viewers ` is `x-ray viewers`."""
    return " ".join(unicodedata.normalize("NFKC", text).lower().split())


def split(text: str) -> list[str]:
    """The skills of a field in which commas part them."""
    return [part for part in unicodedata.normalize("NFKC", text).split(",") if part.strip()]


def checked(text: str, *, field: str = "skills") -> str:
    """The skill in the form that it is kept in; Invalid where it is none."""
    skill = normal(text)
    if not skill:
        raise Invalid.field(field, "Say which skill.", "required")
    if len(skill) > LONGEST:
        raise Invalid.field(field, f"A skill has at most {LONGEST} characters.", "too_long")
    if "," in skill or "\0" in skill:
        raise Invalid.field(field, "A skill has no comma in it.", "format")
    return skill


def all_checked(given: Iterable[str]) -> list[str]:
    """Skills of an agent as they are kept: each once, in order."""
    found = sorted({checked(text) for text in given})
    if len(found) > MOST:
        raise Invalid.field("skills", f"At most {MOST} skills.", "too_many")
    return found


def in_use() -> Sequence[str]:
    """Skills that anybody who is here has, in order; a provider table, so only for the console."""
    statement = sa.select(sa.func.unnest(Agent.skills).label("skill")).where(Agent.is_active).distinct()
    return db.session.scalars(statement.order_by("skill").limit(MOST_LISTED)).all()
