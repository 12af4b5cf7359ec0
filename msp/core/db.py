"""The database: declarative base, the scope-bound session and the only place that commits.

Every transaction starts with one statement that takes the scope's role and names its clients. A session
without a scope raises here, and would find no right in the database either.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from typing import Any, ClassVar, TypeVar, cast
from uuid import UUID

import sqlalchemy as sa
from flask import current_app
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as FlaskSession
from sqlalchemy import event
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Session, SessionTransaction

from msp.core.scope import Scope, Trail

# Clients differ in size by orders of magnitude: a plan made once for all of them reads a big client's index for a small one.
_TAKE_ROLE = sa.text(
    "SELECT set_config('role', :role, true), set_config('msp.tenant', :tenant, true),"
    " set_config('msp.tenants', :tenants, true), set_config('msp.actor', :actor, true),"
    " set_config('plan_cache_mode', 'force_custom_plan', true)"
)


Locking = TypeVar("Locking", bound="sa.Select[*tuple[Any, ...]]")


class Base(DeclarativeBase):
    """Base of every table; `__isolation__` says which of the four kinds it is (see `core.tables`)."""

    __isolation__: ClassVar[Any] = None
    __audited__: ClassVar[bool] = True

    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: sa.DateTime(timezone=True),
        date: sa.Date(),
        str: sa.Text(),
        UUID: sa.Uuid(),
        dict[str, Any]: JSONB(),
        list[Any]: JSONB(),
        list[str]: ARRAY(sa.Text()),
        list[UUID]: ARRAY(sa.Uuid()),
    }


class ScopedSession(FlaskSession):
    """A session whose `info` carries the scope that each of its transactions takes."""


class ScopeMissing(RuntimeError):
    """Code touched the database before a scope was bound."""


db = SQLAlchemy(metadata=Base.metadata, session_options={"class_": ScopedSession, "expire_on_commit": False})


@event.listens_for(ScopedSession, "after_begin")
def _take_role(session: Session, transaction: SessionTransaction, connection: sa.Connection) -> None:
    if transaction.nested:
        return
    scope = session.info.get("scope")
    if scope is None:
        raise ScopeMissing("no scope is bound to this session")
    connection.execute(_TAKE_ROLE, scope.settings)


def bind(scope: Scope) -> None:
    """Start a new session under `scope`; refused while a transaction is open."""
    if db.session.registry.has() and db.session().in_transaction():
        raise RuntimeError("the scope cannot change inside an open transaction")
    db.session.remove()
    db.session().info["scope"] = scope


def current_scope() -> Scope:
    """The scope of the running session."""
    scope = db.session().info.get("scope")
    if scope is None:
        raise ScopeMissing("no scope is bound to this session")
    return cast(Scope, scope)


def locked(statement: Locking, **how: Any) -> Locking:
    """The statement with its rows locked until the transaction ends; `how` is that of `with_for_update`.

    A row that the session has read before is read anew. Otherwise it would be as it was before the wait for the lock,
    and what somebody else saved meanwhile would be written over.
    """
    return statement.with_for_update(**how).execution_options(populate_existing=True)


def memory() -> dict[Any, Any]:
    """What the running transaction has read or locked already; forgotten at its end, and after a part of it failed."""
    return cast(dict[Any, Any], db.session().info.setdefault("memory", {}))


@event.listens_for(ScopedSession, "after_transaction_end")
def _forget(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None or transaction.nested:
        session.info.pop("memory", None)


def name_trail(trail: Trail) -> None:
    """Note what follows in this transaction under another name; its role and clients stay."""
    db.session().info["scope"] = replace(current_scope(), trail=trail)


def after_commit(action: Callable[[], object]) -> None:
    """Do `action` once the running transaction is committed; a rollback forgets it."""
    db.session().info.setdefault("after_commit", []).append(action)


def commit() -> None:
    """Commit, then do what waited for it."""
    db.session.commit()
    for action in db.session().info.pop("after_commit", ()):
        action()


def rollback() -> None:
    """Undo the running transaction and forget what waited for its commit."""
    db.session.rollback()
    db.session().info.pop("after_commit", None)


@contextmanager
def savepoint() -> Iterator[None]:
    """A part of the running transaction that can fail alone; what waited in it for the commit is forgotten with it."""
    waiting = db.session().info.setdefault("after_commit", [])
    before = len(waiting)
    try:
        with db.session.begin_nested():
            yield
    except BaseException:
        del waiting[before:]
        raise


@contextmanager
def transaction(scope: Scope) -> Iterator[Session]:
    """One unit of work under `scope`: committed at its end, undone by any error."""
    bind(scope)
    try:
        yield db.session()
        commit()
    except BaseException:
        rollback()
        raise
    finally:
        db.session.remove()


@contextmanager
def apart(scope: Scope) -> Iterator[Session]:
    """A transaction of its own beside the running one: for look-ups before a scope exists, and for
    what must survive a refusal."""
    with current_app.app_context(), transaction(scope) as session:
        yield session


def call(function: str, **arguments: Any) -> list[dict[str, Any]]:
    """Rows of a reviewed database function, called by name with named arguments."""
    named = ", ".join(f"{name} => :{name}" for name in arguments)
    rows = db.session.execute(sa.text(f"SELECT * FROM {function}({named})"), arguments)  # noqa: S608 - names come from code
    return [dict(row) for row in rows.mappings()]
