"""Every operation of the API, as its description invites to call it and as it does not: never a fault, never undescribed.

The requests go to the WSGI applications of this process, each signed by a token that is good: an agent's on the console's
host, a client administrator's on its portal's. The examples are the same in every run.
"""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

from msp.core.api import openapi
from msp.itsm.tickets.services import opening
from tenants.identity import api_tokens
from tests.support import world

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = 4
ANY_VERSION = {"If-Match": "*"}


class Target:
    """One application, the description that it serves, and what a request to it must carry."""

    def __init__(self, app: Any, host: str, by: Any, known: dict[str, str]) -> None:
        with world.acting(app, by) as actor:
            token = api_tokens.create("Fuzz", api_tokens.offered_scopes(by=actor), days=1, by=actor)
        self.app, self.base, self.known = app, f"http://{host}", known
        self.headers = {"Authorization": f"Bearer {token}"}
        self.schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app, base_url=self.base)
        self.operations = {each.ok().label: each.ok() for each in self.schema.get_all_operations()}

    def ids(self, path: str) -> dict[str, str] | None:
        """Names of things that exist for the path's parameters, as far as all are known."""
        wanted = [part[1:-1] for part in path.split("/") if part.startswith("{")]
        return {name: self.known[name] for name in wanted} if wanted and set(wanted) <= set(self.known) else None


@pytest.fixture(scope="module")
def targets(console_app: Any, portal_app: Any) -> Iterator[dict[str, Target]]:
    company = world.company(console_app, "Fuzz")
    manager = company.actor("admin")
    _, agent = world.agent(console_app, "agent", "lead", "account_manager", clients=[company.id])
    made = {}
    before = {app: app.config["API_CALLS_PER_MINUTE"] for app in (console_app, portal_app)}
    for app in before:
        app.config["API_CALLS_PER_MINUTE"] = 1_000_000
    for name, app, host, by in (("agent", console_app, "console.localhost", agent), ("client", portal_app, company.host, manager)):
        known = {"ticket": _ticket(portal_app, company), "tenant_id": str(company.id), "kind": "resolution"}
        made[name] = Target(app, host, by, known)
    yield made
    for app, limit in before.items():
        app.config["API_CALLS_PER_MINUTE"] = limit


def _ticket(app: Any, company: Any) -> str:
    requester = company.actor("requester")
    with world.acting(app, requester):
        return opening.open_ticket(company.id, "No mail", body="Since noon.", by=requester).ref


def described() -> list[str]:
    """What the committed file names, so that a new operation cannot be forgotten."""
    paths = json.loads(openapi.FILE.read_text())["paths"]
    return [f"{method.upper()} {path}" for path, item in paths.items() for method in item if method != "parameters"]


@pytest.mark.parametrize("side", ["agent", "client"])
@pytest.mark.parametrize("label", described())
def test_an_operation_keeps_its_word(targets: dict[str, Target], side: str, label: str) -> None:
    target = targets[side]
    operation = target.operations[label]

    def send(case: Any) -> None:
        headers = {**target.headers, **(ANY_VERSION if "If-Match" in (case.headers or {}) else {})}
        case.call_and_validate(base_url=target.base, headers=headers, checks=CHECKS)

    for mode in GenerationMode:
        cases = operation.as_strategy(generation_mode=mode, path_parameters=target.ids(operation.path))
        settings(
            max_examples=EXAMPLES, derandomize=True, database=None, deadline=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )(given(cases)(send))()  # fmt: skip


def test_the_tokens_were_good_all_along(targets: dict[str, Target]) -> None:
    for target in targets.values():
        answer = target.app.test_client().get("/api/v1/tickets", base_url=target.base, headers=target.headers)
        assert answer.status_code == 200


def test_an_answer_that_nothing_describes_is_noticed(targets: dict[str, Target]) -> None:
    target = targets["client"]
    answer = target.app.test_client().get("/api/v1/tickets/none", base_url=target.base, headers=target.headers)
    assert answer.status_code == 404
    told = copy.deepcopy(target.schema.raw_schema)
    for is_described in (True, False):
        if not is_described:
            del told["paths"]["/api/v1/tickets/{ticket}"]["get"]["responses"]["404"]
        operation = schemathesis.openapi.from_dict(told)["/api/v1/tickets/{ticket}"]["GET"]
        case = operation.Case(path_parameters={"ticket": "none"})
        if is_described:
            case.validate_response(answer, checks=CHECKS)
        else:
            with pytest.raises(FailureGroup):
                case.validate_response(answer, checks=CHECKS)
