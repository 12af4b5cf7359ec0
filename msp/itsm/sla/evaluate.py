"""`msp sla evaluate`: the engine on the command line, one JSON object a line in, one a line out.

Blank lines are skipped. A line may be text or UTF-8 bytes. Numbers are rounded to whole seconds, instants lose their fraction.
Where both targets are given, `target_seconds` counts.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NoReturn, TextIO

from msp.itsm.sla.engine import notation, stopwatch
from msp.itsm.sla.engine.calendar import Calendar
from msp.itsm.sla.engine.errors import EngineError, NeverOpen
from msp.itsm.sla.engine.explain import ...
