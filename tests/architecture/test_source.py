"""The source keeps its own rules: direction of imports, one place that commits, short files, unique codes, gates."""

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest.mock import sentinel

import pytest

from msp.core import features
from msp.core.actor import Actor
from msp.core.errors import Forbidden, error_types
from msp.core.jobs import QUEUES, kinds
from msp.core.web.gates import gate_of
from msp.wsgi import FEATURES

ROOT = Path(__file__).parents[2]
PACKAGES = ("msp", "tenants", "portal", "agent_console", "billing", "migrations", "tests")
# Functions with `by` that are open to every caller, each with its reason.
OPEN_SERVICES = {
    "msp.itsm.approvals.services.asking.start": "called by services that own subjects, each under its own permission",
    "msp.itsm.approvals.services.asking.change_shown": "called by services that own subjects, each under its own permission",
    "msp.itsm.approvals.services.asking.void": "called by services that own subjects, each under its own permission",
    "msp.itsm.approvals.services.asking.open_stage": "part of starting and of answering",
    "msp.itsm.approvals.services.asking.follow": "part of answering, which needs its own permission",
    "msp.itsm.approvals.services.moving.replace_gone": "the work of a job: seats of somebody who has left",
    "msp.itsm.approvals.services.moving.begin_cover": "part of naming a cover, which needs its own permission, and of the sweep",
    "msp.itsm.approvals.services.moving.begin_covers": "part of the sweep of every minute",
    "msp.itsm.approvals.services.timing.seat_waiting": "the work of a job: opens the stage that waits for it",
    "msp.itsm.sla.services.facts.open_subject": "called by services that own subjects, each under its own permission",
    "msp.itsm.sla.services.facts.record": "called by services that own subjects, each under its own permission",
    "msp.itsm.tickets.articles.services.require_sendable": "part of writing what a client reads, which needs its own permission",
    "msp.itsm.tickets.articles.services.note_uses": "part of writing a message, which needs its own permission",
    "msp.itsm.tickets.services.files.bind": "part of writing a message, which needs its own permission",
    "msp.itsm.tickets.services.moves.follow": "part of a move or a reply, which need their own permission",
    "msp.itsm.tickets.services.timeline.note": "what every act leaves behind",
}


def sources(*packages: str) -> list[Path]:
    found = [path for package in packages or PACKAGES for path in (ROOT / package).rglob("*.py")]
    return [path for path in found if "node_modules" not in path.parts]


def test_the_ladder_holds() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:]


def test_only_one_file_commits() -> None:
    product = [p for p in sources("msp", "tenants", "portal", "agent_console", "billing") if p != ROOT / "msp/core/db.py"]
    assert [str(p.relative_to(ROOT)) for p in product if ".commit(" in p.read_text()] == []


def test_rows_are_locked_in_one_way() -> None:
    """By `locked`, which reads them anew: a bare lock answers with the row as the session read it before."""
    bare = re.compile(r"with_for_update")
    product = [p for p in sources("msp", "tenants", "portal", "agent_console", "billing") if p != ROOT / "msp/core/db.py"]
    assert [str(p.relative_to(ROOT)) for p in product if bare.search(p.read_text())] == []


def test_only_the_clock_asks_for_the_time() -> None:
    asks = re.compile(r"datetime\.now\(|datetime\.utcnow\(|date\.today\(")
    product = [p for p in sources("msp", "tenants", "portal", "agent_console", "billing") if p != ROOT / "msp/core/clock.py"]
    assert [str(p.relative_to(ROOT)) for p in product if asks.search(p.read_text())] == []


def test_files_and_functions_are_short() -> None:
    long = []
    for path in sources():
        if "versions" in path.parts or path.parent.name == "functions":
            continue
        text = path.read_text()
        if text.count("\n") > 400:
            long.append(f"{path.relative_to(ROOT)}: {text.count(chr(10))} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
                length = node.end_lineno - node.lineno + 1
                if length > 50:
                    long.append(f"{path.relative_to(ROOT)}:{node.name}: {length} lines")
    assert long == []


def test_package_files_hold_a_docstring_only() -> None:
    wrong = []
    for path in sources():
        if path.name == "__init__.py":
            body = ast.parse(path.read_text()).body
            if len(body) != 1 or not isinstance(body[0], ast.Expr):
                wrong.append(str(path.relative_to(ROOT)))
    assert wrong == []


def test_error_codes_are_unique() -> None:
    codes = [error.code for error in error_types()]
    assert sorted(codes) == sorted(set(codes))


@pytest.mark.parametrize("surface", ["console_app", "portal_app"])
def test_every_route_has_a_gate_and_open_ones_say_why(surface: str, request: pytest.FixtureRequest) -> None:
    app = request.getfixturevalue(surface)
    for rule in app.url_map.iter_rules():
        gate = gate_of(app, rule.endpoint)
        assert gate is not None, rule.rule
        assert gate.who != "everyone" or gate.reason, f"{rule.rule} is open without a reason"


@pytest.mark.parametrize("surface", ["console_app", "portal_app"])
def test_nothing_changes_on_get(surface: str, request: pytest.FixtureRequest) -> None:
    """A route that takes GET and an unsafe method shows a form; its name must not promise an act."""
    app = request.getfixturevalue(surface)
    acts = re.compile(r"/(delete|remove|move|assign|resolve|send|revoke|end)\b")
    assert [rule.rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ()) and acts.search(rule.rule)] == []


def test_every_queue_is_worked() -> None:
    features.load(FEATURES)
    assert {kind.queue for kind in kinds().values()} <= set(QUEUES)
    values = (ROOT / "helm/msp/values.yaml").read_text()
    assert [queue for queue in QUEUES if not re.search(rf"^\s*{queue}:", values, re.M)] == []


def services() -> list[tuple[str, Any]]:
    found = []
    for package in FEATURES:
        folder = ROOT / package.replace(".", "/")
        for path in [folder / "services.py", *sorted((folder / "services").glob("*.py")), *sorted(folder.glob("*/services.py"))]:
            if not path.exists() or path.name == "__init__.py":
                continue
            module = __import__(".".join(path.relative_to(ROOT).with_suffix("").parts), fromlist=["x"])
            for name, function in inspect.getmembers(module, inspect.isfunction):
                if function.__module__ == module.__name__ and not name.startswith("_") and "by" in inspect.signature(function).parameters:
                    found.append((f"{module.__name__}.{name}", function))
    return found


@pytest.mark.parametrize(("name", "function"), services(), ids=[name for name, _ in services()])
def test_a_service_refuses_whoever_has_no_right(name: str, function: Any) -> None:
    """Called with sentinels by an actor without rights, it raises Forbidden before it touches one."""
    if name in OPEN_SERVICES:
        return
    nobody = Actor.system("nobody")
    arguments: dict[str, Any] = {"by": nobody}
    for parameter in inspect.signature(function).parameters.values():
        if parameter.name != "by" and parameter.default is inspect.Parameter.empty and parameter.kind not in (
            inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL,
        ):  # fmt: skip
            arguments[parameter.name] = getattr(sentinel, parameter.name)
    with pytest.raises(Forbidden):
        function(**arguments)
