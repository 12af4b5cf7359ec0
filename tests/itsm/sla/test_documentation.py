"""docs/sla-evaluate.md shows what really comes out, and names every kind, key and code."""

import ast
import io
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from msp.itsm.sla import evaluate
from msp.itsm.sla.engine import errors

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs/sla-evaluate.md").read_text()
EXAMPLES = re.findall(r"```json question\n(.+?)\n```\n\n```json (answer|explained)\n(.+?)\n```", TEXT, re.S)


def test_no_example_is_left_out() -> None:
    assert len(EXAMPLES) == TEXT.count("```json question") >= 7
    assert TEXT.count("```json") == 2 * len(EXAMPLES)


@pytest.mark.parametrize(("question", "how", "answer"), EXAMPLES)
def test_an_example_comes_out_as_it_is_shown(question: str, how: str, answer: str) -> None:
    out = io.StringIO()
    status = evaluate.main([question], out, explain=how == "explained")
    assert out.getvalue() == answer + "\n"
    assert status == int('"error"' in answer)


def test_every_kind_has_its_row_and_every_key_its_word() -> None:
    for kind in evaluate._KINDS:
        assert f"| `{kind}` |" in TEXT, kind
    for _, how, answer in EXAMPLES:
        found = json.loads(answer)
        steps = found.pop("steps", [])
        keys = {*found, *(key for step in steps for key in step)} if how == "explained" else {*found.get("error", found)}
        assert [key for key in keys if f"`{key}`" not in TEXT] == []


def test_every_code_is_listed() -> None:
    """Those raised in the sources of the command, and those of the engine's errors."""
    codes = {error.code for error in vars(errors).values() if isinstance(error, type) and error is not errors.EngineError}
    for name in ("evaluate.py", "engine/notation.py"):
        for node in ast.walk(ast.parse((ROOT / "msp/itsm/sla" / name).read_text())):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if called in ("error", "BadInput", "_error"):
                    codes.add(str(node.args[0].value))
    table = set(re.findall(r"`([a-z_]+)`", TEXT[TEXT.index("| `code` |") :]))
    assert sorted(codes - table) == []
    assert sorted(table - codes - {"code", "percent", "offset_minutes"}) == []


def msp(*arguments: str) -> subprocess.CompletedProcess[str]:
    program = str(Path(sys.executable).with_name("msp"))
    return subprocess.run([program, "sla", "evaluate", *arguments], capture_output=True, text=True, check=False)


def test_help_names_this_page() -> None:
    assert "docs/sla-evaluate.md" in msp("--help").stdout


def test_the_command_itself_answers_and_exits(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.jsonl", tmp_path / "bad.jsonl"
    good.write_text(EXAMPLES[0][0] + "\n")
    bad.write_text("nonsense\n" + EXAMPLES[0][0] + "\n")
    done = msp(str(good))
    assert (done.returncode, done.stdout) == (0, EXAMPLES[0][2] + "\n")
    done = msp(str(bad))
    assert (done.returncode, done.stdout.splitlines()[1]) == (1, EXAMPLES[0][2])
    assert msp(str(tmp_path / "none")).returncode == 2
