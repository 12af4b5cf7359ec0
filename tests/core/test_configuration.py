"""Settings: docs/configuration.md names every variable and no other, and what is unsafe is refused."""

import ast
import re
from pathlib import Path

import pytest

from msp.core.config import ConfigError, Settings
from tests.conftest import SECRET

ROOT = Path(__file__).parents[2]
# Read beside the settings: by the owner's commands, by `msp up`, by the proof.
ELSEWHERE = {"MSP_HOME", "MSP_PORT", "MSP_LIVE_PORT", "MSP_ADMIN_DATABASE_URL"}


def read() -> set[str]:
    """The variables that `from_env` asks for."""
    tree = ast.parse((ROOT / "msp/core/config.py").read_text())
    return {
        f"MSP_{node.args[0].value}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "env" and isinstance(node.args[0], ast.Constant)
    }  # fmt: skip


def documented() -> set[str]:
    text = (ROOT / "docs/configuration.md").read_text()
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `MSP_")]
    return set(re.findall(r"`(MSP_[A-Z_]+)`", " ".join(rows)))


def test_every_variable_is_documented_and_no_other() -> None:
    assert len(read()) > 15
    assert sorted(documented() - ELSEWHERE) == sorted(read())
    assert documented() >= ELSEWHERE


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MSP_OUTBOX_DAYS", "0"),
        ("MSP_OUTBOX_DAYS", "100000"),
        ("MSP_RUNBOOK_LOOPBACK_PORT", "8010"),
        ("MSP_ENVIRONMENT", "staging"),
        ("MSP_SECRET_KEY", "changeme-changeme-changeme-changeme"),
        ("MSP_SECRET_KEY", ""),
    ],
)
def test_an_unsafe_setting_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv("MSP_SECRET_KEY", SECRET)
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match=name):
        Settings.from_env()


def test_defaults_are_what_the_page_says(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in read():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MSP_SECRET_KEY", SECRET)
    found = Settings.from_env()
    text = (ROOT / "docs/configuration.md").read_text()
    for name in ("max_file_bytes", "max_files_per_message", "max_client_file_bytes", "outbox_days"):
        row = next(line for line in text.splitlines() if f"`MSP_{name.upper()}`" in line)
        assert re.search(rf"default {getattr(found, name)}\b", row), name
