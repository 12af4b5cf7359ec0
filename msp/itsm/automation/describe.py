"""Definitions in words, with people, teams and canned replies by their names."""

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from msp.core.db import db
from msp.itsm.automation.engine.actions import KINDS
from msp.itsm.automation.engine.definition import Action, Definition
from msp.itsm.macros.models import Macro
from tenants.models import Agent, Team

GONE = "somebody or something that is gone"
_MODELS: dict[str, Any] = {"agent": Agent, "team": Team, "macro": Macro}


def names(definitions: Iterable[Definition]) -> dict[str, str]:
    """Names of what the actions of these definitions name, by id."""
    wanted: dict[str, set[str]] = {}
    for each in definitions:
        for action in each.actions:
            for param in KINDS[action.kind].params:
                if param.input in _MODELS and param.name in action.values:
                    wanted.setdefault(param.input, set()).add(action.values[param.name])
    found: dict[str, str] = {}
    for kind, ids in wanted.items():
        model = _MODELS[kind]
        found |= {str(id): name for id, name in db.session.execute(sa.select(model.id, model.name).where(model.id.in_(ids)))}
    return found


def action(said: Action, known: Mapping[str, str]) -> str:
    """`the least loaded of a team, Clinical apps`"""
    shown = []
    for param in KINDS[said.kind].params:
        value = said.values.get(param.name)
        if value is not None:
            text = (param.choices or {}).get(value, value)
            shown.append(known.get(value, GONE) if param.input in _MODELS else text)
    return ", ".join(shown)
