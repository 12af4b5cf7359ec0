"""Of saves that begin with the same version one is kept; the others hear that they are late, and nothing is written over."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from msp.core.db import db
from msp.core.errors import StaleVersion
from msp.itsm.sla import library
from msp.itsm.sla.services import definitions, edits, templates
from tests.agent_console.editor_pages import find, versions
from tests.itsm.sla.test_api import only, with_resolution
from tests.support import world
from tests.support.caller import Caller
from tests.support.servers import Servers

TOGETHER = 4


@pytest.fixture
def manager(console_app: Any) -> Any:
    return world.agent(console_app, "account_manager")[1]


def meanwhile(servers: Servers, statement: str, *values: Any) -> None:
    """What somebody else saved, in a transaction of his own."""
    with psycopg.connect(servers.url("msp_owner")) as connection:
        assert connection.execute(statement, values).rowcount == 1


def save_together(editor: Caller, policy_id: Any, content: Any, tag: str) -> list[int]:
    """Several versions sent at once, each on a connection of its own; the answers, the best first."""

    def save(minutes: int) -> int:
        sent = {"json": {"content": with_resolution(content, minutes), "moves_open": False}, "base_url": editor.base}
        headers = {"Authorization": f"Bearer {editor.token}", "If-Match": tag}
        path = f"/api/v1/policies/{policy_id}/versions"
        return int(editor.client.application.test_client().post(path, headers=headers, **sent).status_code)

    with ThreadPoolExecutor(TOGETHER) as pool:
        return sorted(pool.map(save, range(60, 60 + TOGETHER)))


def test_one_of_several_programs_saves(console_app: Any, acme: Any, manager: Any) -> None:
    editor = Caller(console_app, "console.localhost", manager, "sla:write")
    policy, tag = only(editor, f"/tenants/{acme.id}/policies")
    assert save_together(editor, policy["id"], policy["content"], tag) == [201] + [412] * (TOGETHER - 1)
    kept = editor("GET", f"/policies/{policy['id']}").json
    assert [row["number"] for row in kept["versions"]] == [1, 2]
    assert kept["version"] == policy["version"] + 1


def test_what_was_read_before_the_lock_does_not_count(console_app: Any, servers: Servers, acme: Any, manager: Any) -> None:
    bump = "UPDATE sla_definition SET version = version + 1 WHERE id = %s"
    policy = find(console_app, acme, "policy")
    with world.acting(console_app, manager):
        read = library.visible_definition(policy.id, by=manager)
        content, version = with_resolution(library.last_version(read).content, 60), read.version
        meanwhile(servers, bump, policy.id)
        with pytest.raises(StaleVersion):
            edits.save(policy.id, content, version=version, moves_open=False, by=manager)
    with world.acting(console_app, manager):
        read = library.visible_definition(policy.id, by=manager)
        meanwhile(servers, bump, policy.id)
        with pytest.raises(StaleVersion):
            definitions.rename(policy.id, "Another name", version=version + 1, by=manager)
    assert len(versions(console_app, policy)) == 1


def test_a_template_is_not_written_over_either(console_app: Any, servers: Servers, manager: Any) -> None:
    with world.acting(console_app, manager):
        template = next(each for each in library.templates("matrix"))
        number, before = template.number, template.content
        meanwhile(servers, "UPDATE sla_template SET number = number + 1 WHERE id = %s", template.id)
        changed = {**before, "cells": {**before["cells"], "1": {**before["cells"]["1"], "1": 4}}}
        with pytest.raises(StaleVersion):
            templates.save_template(
                "matrix", template.name, changed, by=manager, template_id=template.id, number=number
            )
        assert (template.number, template.content) == (number + 1, before)
    meanwhile(servers, "UPDATE sla_template SET number = number - 1 WHERE id = %s", template.id)


def test_a_version_that_begins_while_another_waits(console_app: Any, acme: Any, manager: Any) -> None:
    """`*` takes whatever is there: each of the saves makes a version of its own, one after the other."""
    policy = find(console_app, acme, "policy")
    content = versions(console_app, policy)[-1].content
    editor = Caller(console_app, "console.localhost", manager, "sla:write")
    assert save_together(editor, policy.id, content, "*") == [201] * TOGETHER
    assert [each.number for each in versions(console_app, policy)] == [1, 2, 3, 4, 5]
    with world.as_staff(console_app):
        assert db.session.get(type(policy), (policy.tenant_id, policy.id)).version == policy.version + TOGETHER
