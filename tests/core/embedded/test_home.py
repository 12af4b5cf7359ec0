import os
import pwd
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from msp.core.embedded import clean
from msp.core.embedded import home as homes
from msp.core.embedded.processes import PidFile, wait_until


@pytest.fixture
def foreign_folder(tmp_path: Path) -> tuple[Path, str]:
    """A folder of another user, whoever runs the tests."""
    if os.geteuid() != 0:
        return Path("/usr"), "root"
    os.chown(tmp_path, pwd.getpwnam("nobody").pw_uid, -1)
    return tmp_path, "nobody"


def test_folder_of_another_user_is_refused_in_one_line(foreign_folder: tuple[Path, str]) -> None:
    folder, owner = foreign_folder
    with pytest.raises(homes.CannotStart) as refusal:
        homes.open_home(folder)
    assert f"{folder} belongs to user {owner}; run make clean as {owner} or set MSP_HOME" in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_folder_with_things_of_others_is_refused(tmp_path: Path) -> None:
    (tmp_path / "letters.txt").touch()
    with pytest.raises(homes.CannotStart, match="not empty and was not made by msp"):
        homes.open_home(tmp_path)


def test_clean_leaves_alone_what_it_did_not_make(tmp_path: Path) -> None:
    (tmp_path / "letters.txt").touch()
    with pytest.raises(homes.CannotStart, match="left alone"):
        clean.clean(tmp_path)
    assert (tmp_path / "letters.txt").exists()
    clean.clean(homes.open_home(tmp_path / "home"))
    assert not (tmp_path / "home").exists()
    clean.clean(tmp_path / "home")


def test_path_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(homes.CannotStart, match="cannot be used"):
        homes.open_home(tmp_path / "file")


def test_home_is_named_by_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MSP_HOME", str(tmp_path))
    assert homes.default_home() == tmp_path.resolve()
    monkeypatch.delenv("MSP_HOME")
    assert homes.default_home().name == "var"


def test_secret_is_made_once_and_private(tmp_path: Path) -> None:
    first = homes.secret(tmp_path, "some")
    assert homes.secret(tmp_path, "some") == first != homes.secret(tmp_path, "other")
    assert stat.S_IMODE((tmp_path / "secrets" / "some").stat().st_mode) == 0o600


def test_taken_port_is_named_with_its_variable() -> None:
    with socket.create_server((homes.LOOPBACK, 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(homes.CannotStart) as refusal:
            homes.ensure_free(port, variable="MSP_PORT")
    assert str(refusal.value) == f"Port {port} is taken by another program; stop it or set MSP_PORT to another port."
    homes.ensure_free(port, variable="MSP_PORT")


def test_port_is_remembered_until_it_is_taken(tmp_path: Path) -> None:
    port = homes.server_port(tmp_path, "postgres", None)
    assert homes.server_port(tmp_path, "postgres", None) == port
    with socket.create_server((homes.LOOPBACK, port)):
        other = homes.server_port(tmp_path, "postgres", None)
    assert other != port
    assert homes.server_port(tmp_path, "postgres", None) == other


def test_lock_refuses_a_second_holder(tmp_path: Path) -> None:
    attempt = (
        "import sys; from pathlib import Path; from msp.core.embedded import home\n"
        "with home.locked(Path(sys.argv[1]), 'up', wait=False): print('held')"
    )
    command = [sys.executable, "-c", attempt, str(tmp_path)]
    with homes.locked(tmp_path, "up", wait=False):
        refused = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "msp up already runs" in refused.stderr
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "held\n"


def test_clean_ends_the_running_msp_up_first(tmp_path: Path) -> None:
    home = homes.open_home(tmp_path / "home")
    hold = (
        "import sys, time; from pathlib import Path; from msp.core.embedded import home\n"
        "with home.locked(Path(sys.argv[1]), 'up', wait=False): time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", hold, str(home), "up"]) as running:
        assert wait_until(lambda: homes.up_process(home).holder() == running.pid, seconds=10)
        clean.clean(home)
        assert running.wait(timeout=5) == -signal.SIGTERM
    assert not home.exists()


def test_pid_file_is_believed_only_if_the_process_matches(tmp_path: Path) -> None:
    file = tmp_path / "some.pid"
    own = PidFile(file, "mark", signal.SIGTERM)
    with subprocess.Popen([sys.executable, "-c", "input()", "mark"], stdin=subprocess.PIPE) as process:
        file.write_text(f"{process.pid}\n")
        assert wait_until(lambda: own.holder() == process.pid, seconds=5)
        assert PidFile(file, "another", signal.SIGTERM).holder() is None
        own.end()
        assert own.holder() is None
    file.write_text("")
    assert own.holder() is None
