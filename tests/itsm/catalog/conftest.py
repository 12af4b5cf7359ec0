"""Items of a client for the tests of the catalogue."""

from collections.abc import Callable
from typing import Any

import pytest

from msp.itsm.catalog.services import items
from tests.support import world


@pytest.fixture
def item_at(console_app: Any) -> Callable[..., Any]:
    """Add an item to a company's catalogue."""

    def make(company: Any, name: str, *, roles: Any = (), site_ids: Any = (), category_id: Any = None, **content: Any) -> Any:
        with world.as_staff(console_app) as by:
            return items.add_item(
                company.id, {"name": name, **content}, by=by, roles=roles, site_ids=site_ids, category_id=category_id
            )

    return make
