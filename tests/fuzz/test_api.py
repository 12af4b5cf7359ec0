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
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from msp.core import clock
from msp.core.api import openapi
from msp.itsm.announcements import queries as announcements
from msp.itsm.announcements.services import withdraw
from tenants.identity import api_tokens
from tests.fuzz.things import Things
from tests.support import world

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance, negative_data_rejection]
REFUSALS = ["400", "401", "403", "404", "409", "412", "415", "422", "428"]
EXAMPLES = 4
ANY_VERSION = {"If-Match": "*"}


class Target:
    """One application, the description that it serves, and what a request to it must carry."""

    def __init__(self, app: Any, host: str, by: Any) -> None:
        with world.acting(app, by) as actor:
            token = api_tokens.create("Fuzz", api_tokens.offered_scopes(by=actor), days=1, by=actor)
        self.app, self.base = app, f"http://{host}"
        self.headers = {"Authorization": f"Bearer {token}"}
        self.schema = self.of(without_security(app, self.base))
        self.operations = {each.ok().label: each.ok() for each in self.schema.get_all_operations()}

    def of(self, told: dict[str, Any]) -> Any:
        """The application as a description tells of it."""
        config = SchemathesisConfig.from_dict({"checks": {"negative_data_rejection": {"expected-statuses": REFUSALS}}})
        schema = schemathesis.openapi.from_dict(told, config=config)
        schema.app = self.app
        return schema


def without_security(app: Any, base: str) -> dict[str, Any]:
    """The description as it is served, but for the token: it is always good here, and no header that could be made up."""
    told: dict[str, Any] = app.test_client().get("/api/v1/openapi.json", base_url=base).json
    told.pop("security")
    told["components"].pop("securitySchemes")
    for item in told["paths"].values():
        for operation in item.values():
            if isinstance(operation, dict):
                operation.pop("security", None)
    return told


@pytest.fixture(scope="module")
def company(console_app: Any) -> world.Company:
    return world.company(
        console_app, "Fuzz", requester=("requester",), manager=("manager",), admin=("client_admin",), spare=("requester",)
    )


@pytest.fixture(scope="module")
def targets(console_app: Any, portal_app: Any, company: world.Company) -> Iterator[dict[str, Target]]:
    _, agent = world.agent(console_app, "admin", "lead", "account_manager")
    before = {app: app.config["API_CALLS_PER_MINUTE"] for app in (console_app, portal_app)}
    for app in before:
        app.config["API_CALLS_PER_MINUTE"] = 1_000_000
    yield {
        "agent": Target(console_app, "console.localhost", agent),
        "client": Target(portal_app, company.host, company.actor("admin")),
    }
    for app, limit in before.items():
        app.config["API_CALLS_PER_MINUTE"] = limit
    withdraw_announcements(console_app)


def withdraw_announcements(console_app: Any) -> None:
    """The companies of other tests must not read what was announced to everybody here."""
    with world.as_staff(console_app) as by:
        while rows := announcements.announcement_page(by=by, now=clock.now(), state="current").rows:
            for row in rows:
                withdraw(row.id, version=row.version, by=by)


@pytest.fixture(scope="module")
def things(console_app: Any, portal_app: Any, company: world.Company, targets: dict[str, Target]) -> Things:
    return Things(console_app, portal_app, company, targets["agent"].headers)


def described() -> list[str]:
    """What the committed file names, so that a new operation cannot be forgotten."""
    paths = json.loads(openapi.FILE.read_text())["paths"]
    return [f"{method.upper()} {path}" for path, item in paths.items() for method in item if method != "parameters"]


@pytest.mark.parametrize("side", ["agent", "client"])
@pytest.mark.parametrize("label", described())
def test_an_operation_keeps_its_word(targets: dict[str, Target], things: Things, side: str, label: str) -> None:
    target = targets[side]
    operation = target.operations[label]
    ids = things.of(operation.path)
    if label == "PATCH /api/v1/tenants/{tenant_id}":
        ids = {"tenant_id": str(world.company(things.console, "Suspended").id)}

    def send(case: Any) -> None:
        given = case.headers or {}
        headers = {**target.headers, **(ANY_VERSION if "If-Match" in given and not is_wrong(case, ParameterLocation.HEADER) else {})}
        case.call_and_validate(base_url=target.base, headers=headers, checks=CHECKS)

    for mode in kinds_of_cases(operation):
        cases = operation.as_strategy(generation_mode=mode, path_parameters=ids or None)
        settings(
            max_examples=EXAMPLES, derandomize=True, database=None, deadline=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )(given(cases)(send))()  # fmt: skip


def kinds_of_cases(operation: Any) -> Iterator[GenerationMode]:
    """What the description allows and, where anything but the path can be wrong, what it forbids."""
    yield GenerationMode.POSITIVE
    if operation.query or operation.body or operation.headers:
        yield GenerationMode.NEGATIVE


def is_wrong(case: Any, part: ParameterLocation) -> bool:
    """Whether this part of the request is meant to be refused."""
    found = case.meta.components.get(part) if case.meta else None
    return found is not None and found.mode.is_negative


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


def test_a_wrong_request_that_is_not_refused_is_noticed(targets: dict[str, Target]) -> None:
    """The description made to forbid what the application takes."""
    target = targets["agent"]
    told = copy.deepcopy(target.schema.raw_schema)
    path = "/api/v1/teams"
    words = {"in": "query", "name": "words", "required": True, "schema": {"type": "string", "maxLength": 1}}
    told["paths"][path]["get"]["parameters"] = [words]
    schema = target.of(told)
    found: list[Any] = []

    def send(case: Any) -> None:
        try:
            case.call_and_validate(base_url=target.base, headers=target.headers, checks=CHECKS)
        except FailureGroup as group:
            found.extend(group.exceptions)

    settings(
        max_examples=40, derandomize=True, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )(given(schema[path]["GET"].as_strategy(generation_mode=GenerationMode.NEGATIVE))(send))()
    assert {type(each).__name__ for each in found} == {"AcceptedNegativeData"}
