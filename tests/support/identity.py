"""Helpers of the tests about signing in: people with passwords, forms as browsers send them, rows as the owner sees."""

import itertools
import os
import re
from functools import cache
from typing import Any
from uuid import UUID

import psycopg
from flask import Flask
from flask.testing import FlaskClient
from psycopg.rows import dict_row

from msp.core.auth import passwords
from msp.core.db import apart, call
from msp.core.scope import Scope
from msp.core.secrets import Keyring
from tests.conftest import SECRET
from tests.support import world
from tests.support.servers import Servers

_addresses = itertools.count(1)


@cache
def _hash(password: str) -> str:
    """Hashing costs on purpose; the tests' own password is hashed once."""
    return passwords.hash_password(password)


def give_password(app: Flask, person_id: UUID | None, password: str = world.PASSWORD) -> None:
    """What accepting an invitation leaves behind."""
    with app.app_context(), apart(Scope.signin()):
        call("set_credential", p_person=person_id, p_password_hash=_hash(password))


def from_own_address(client: FlaskClient) -> FlaskClient:
    """The browser on a network of its own, so that tests do not use up one another's attempts."""
    number = next(_addresses)
    client.environ_base["REMOTE_ADDR"] = f"10.{os.getpid() % 250}.{number // 250}.{number % 250 + 1}"
    return client


def form_token(client: FlaskClient, path: str = "/sign-in") -> str:
    """The token of the form on a page."""
    found = re.search(r'name="csrf-token" content="([^"]+)"', client.get(path).get_data(as_text=True))
    assert found, f"{path} carries no form token"
    return found.group(1)


def submit(client: FlaskClient, path: str, *, page: str | None = None, **fields: Any) -> Any:
    """Post a form with the token of the page that it stands on."""
    return client.post(path, data={"csrf_token": form_token(client, page or path), **fields})


def sign_in(client: FlaskClient, e_mail: str | None, password: str = world.PASSWORD, **fields: Any) -> Any:
    """Fill in the sign-in form."""
    return submit(client, "/sign-in", e_mail=e_mail, password=password, **fields)


def cookie_of(client: FlaskClient) -> str | None:
    """The session token that this browser holds."""
    found = client.get_cookie("msp", domain=client.host)  # type: ignore[attr-defined]  # HostClient knows its host
    return found.value if found else None


def text_of(response: Any) -> str:
    """The page without what changes from one request to the next."""
    page = response.get_data(as_text=True)
    page = re.sub(r'(csrf[_-]token"(?: \w+="[^"]*")*? (?:content|value)=)"[^"]+"', r"\1", page)
    page = re.sub(r'"X-CSRFToken": "[^"]+"', "", page)
    return re.sub(r'name="now" content="[^"]+"', "", page)


def rows(servers: Servers, statement: str, *values: Any) -> list[dict[str, Any]]:
    """Rows as the owner of the database sees them."""
    with psycopg.connect(servers.url("msp_owner"), row_factory=dict_row) as connection:
        return connection.execute(statement, values).fetchall()


def change(servers: Servers, statement: str, *values: Any) -> None:
    """Change rows behind the application's back, for instance their age."""
    with psycopg.connect(servers.url("msp_owner")) as connection:
        connection.execute(statement, values)


def mails(servers: Servers, to: str | None, template: str) -> list[dict[str, Any]]:
    """The contexts of the mails that were asked for, the oldest first; a secret address stands sealed in the row."""
    found = rows(
        servers,
        "SELECT args FROM outbox WHERE kind = 'mail.send' AND args->>'to' = %s AND args->>'template' = %s ORDER BY id",
        to,
        template,
    )
    contexts = [row["args"]["context"] for row in found]
    for context in contexts:
        if isinstance(context.get("url"), dict):
            context["url"] = Keyring([SECRET]).decrypt(context["url"]["sealed"], context="mail.send")
    return contexts


def refusals(servers: Servers, reason: str, address: str) -> list[dict[str, Any]]:
    """Refused accesses from one network."""
    return rows(servers, "SELECT * FROM access_refusal WHERE reason = %s AND address = %s ORDER BY at", reason, address)


def address_of(client: FlaskClient) -> str:
    return str(client.environ_base["REMOTE_ADDR"])
