"""The audit trail: written at the end of the transaction, undone with it or with a part of it that failed."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import psycopg
import pytest

from msp.core.audit import note
from msp.core.db import db, memory, savepoint, transaction
from msp.core.scope import Scope
from tests.support.servers import Servers
from tests.support.world import Company


def actions(servers: Servers, company: Company) -> list[str]:
    with psycopg.connect(servers.url("msp_owner")) as connection:
        rows = connection.execute("SELECT action FROM audit_entry WHERE tenant_id = %s AND subject = 'rehearsal' ORDER BY id", [company.id])
        return [row[0] for row in rows]


def act(action: str, company: Company) -> None:
    note(db.session(), action, "rehearsal", None, tenant_id=company.id)


def fail_in(part: AbstractContextManager[Any], first: Callable[[], object]) -> None:
    with part:
        first()
        raise ValueError("failed")


def test_entries_are_there_after_the_commit_in_their_order(console_app: Any, servers: Servers, acme: Company) -> None:
    with console_app.app_context(), transaction(Scope.staff()):
        act("first", acme)
        act("second", acme)
        assert actions(servers, acme) == []
    assert actions(servers, acme) == ["first", "second"]


def test_an_error_undoes_them(console_app: Any, servers: Servers, acme: Company) -> None:
    with console_app.app_context():
        with pytest.raises(ValueError, match="failed"):
            fail_in(transaction(Scope.staff()), lambda: act("undone", acme))
        with transaction(Scope.staff()):
            act("done", acme)
    assert actions(servers, acme) == ["done"]


def test_a_part_that_fails_takes_only_its_own(console_app: Any, servers: Servers, acme: Company) -> None:
    with console_app.app_context(), transaction(Scope.staff()):
        act("before", acme)
        with pytest.raises(ValueError, match="failed"):
            fail_in(savepoint(), lambda: act("undone", acme))
        with savepoint():
            act("inside", acme)
        act("after", acme)
    assert actions(servers, acme) == ["before", "inside", "after"]


def test_what_a_transaction_remembers_ends_with_it_and_with_a_failed_part(console_app: Any) -> None:
    with console_app.app_context(), transaction(Scope.staff()):
        memory()["kept"] = 1
        with pytest.raises(ValueError, match="failed"):
            fail_in(savepoint(), lambda: memory().update(lost=1))
        assert memory() == {}
        memory()["kept"] = 2
        db.session.flush()
        assert memory() == {"kept": 2}
    with console_app.app_context(), transaction(Scope.staff()):
        assert memory() == {}
