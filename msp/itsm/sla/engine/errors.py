"""What the engine refuses, each with a stable code."""


class EngineError(ValueError):
    """The engine cannot answer; the message says why in words a user can act on."""

    code = "engine_error"


class NeverOpen(EngineError):
    """The calendar has no working time left, however long one waits."""

    code = "never_open"


class OutOfRange(EngineError):
    """The answer, or a number on the way to it, lies outside the years 1 to 9999."""

    code = "out_of_range"


class BadDefinition(EngineError):
    """A definition contradicts itself."""

    code = "bad_definition"


class UnknownZone(BadDefinition):
    """No such time zone."""

    code = "unknown_time_zone"
