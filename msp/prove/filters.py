"""Each query that narrows by its actor, asked without the database's help: under the staff role it must still refuse.

The policies are the guarantee; these filters also keep apart what one client's people may not see of each other.
"""

import importlib
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from msp.core.actor import Actor
from msp.core.db import transaction
from msp.core.errors import Forbidden, NotFound
from msp.core.features import parts
from msp.core.scope import Scope
from msp.prove.sides import World


@dataclass(frozen=True)
class Filter:
    """One `visible_*` query and the kind of row whose id it takes."""

    module: ModuleType
    name: str
    table: str

    @property
    def label(self) -> str:
        return f"{self.module.__name__}.{self.name}"

    @property
    def function(self) -> Callable[..., Any]:
        found: Callable[..., Any] = getattr(self.module, self.name)
        return found


# where the name of the query is not that of its table
TABLES = {
    "client": "tenant", "site_by_id": "site", "ticket_by_ref": "ticket", "definition": "sla_definition", "item": "catalog_item",
    "order": "catalog_order",
}  # fmt: skip


def filters(features: tuple[str, ...], tables: set[str]) -> Iterator[Filter]:
    """Every query called `visible_*` that takes an id and `by`."""
    for module in [*parts("queries", features), *_service_modules(features)]:
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if name.startswith("visible_") and function.__module__ == module.__name__ and "by" in inspect.signature(function).parameters:
                word = name.removeprefix("visible_")
                table = TABLES.get(word, word)
                if table in tables:
                    yield Filter(module, name, table)


def _service_modules(features: tuple[str, ...]) -> Iterator[ModuleType]:
    import pkgutil

    for package in parts("services", features):
        for info in pkgutil.iter_modules(getattr(package, "__path__", [])):
            yield importlib.import_module(f"{package.__name__}.{info.name}")


def failures(world: World, item: Filter) -> list[str]:
    """Who gets a row of the other client from this query, though the database would let everybody."""
    said = []
    for words, actor in _strangers(world):
        if _answers(world, item, actor):
            said.append(f"{item.label} gives {words} a row of the other client")
    return said


def is_reached(world: World, item: Filter) -> bool:
    """The positive control: somebody who belongs there gets the row."""
    owners = [world.left.agent, *world.left.contacts.values()]
    return any(_answers(world, item, actor) for actor in owners if actor is not None)


def _strangers(world: World) -> Iterator[tuple[str, Actor]]:
    yield "a contact of another client", world.right.contacts["everything"]
    if world.right.agent is not None:
        yield "an agent limited to another client", world.right.agent


def _answers(world: World, item: Filter, actor: Actor) -> bool:
    arguments: list[Any] = []
    for parameter in inspect.signature(item.function).parameters.values():
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY or parameter.default is not inspect.Parameter.empty:
            continue
        is_client = parameter.name == "tenant_id" and not arguments and item.table != "tenant"
        arguments.append(world.left.tenant_id if is_client else _key(world, item))
    with world.console.app_context(), transaction(Scope.staff()):
        try:
            return item.function(*arguments, by=actor) is not None
        except (NotFound, Forbidden):
            return False


def _key(world: World, item: Filter) -> Any:
    return world.left.refs[0] if item.name.endswith("_by_ref") else world.left.ids[item.table]
