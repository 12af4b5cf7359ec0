"""What an answer can be refused for."""

from collections.abc import Iterator
from contextlib import contextmanager

from msp.core.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from msp.itsm.approvals.engine import errors as engine


class ApprovalEnded(Conflict):
    """It has its outcome."""

    code, title = "approval_ended", "This is decided already"


class NotAsked(Forbidden):
    """The actor holds no open seat here."""

    code, title = "not_asked", "You are not asked here"


class AnswerTooLate(Conflict):
    code, title = "answer_too_late", "The time to answer is over"


class ShownChanged(Conflict):
    """The page showed something that is no longer asked."""

    code, title = "shown_changed", "What you were shown has changed"


class AlreadyAsked(Conflict):
    """The subject has an approval that waits."""

    code, title = "already_asked", "This is being approved already"


class HolderGone(Conflict):
    """Whoever is asked cannot be mailed."""

    code, title = "holder_gone", "Nothing was sent"


class ApprovalLinkRefused(NotFound):
    """Altered, incomplete, of another client or another person: the holder is not told which."""

    code, title = "approval_link_refused", "This link is not valid"


@contextmanager
def worded() -> Iterator[None]:
    """Refusals of the rules as people and programs are told them."""
    try:
        yield
    except engine.Ended as error:
        raise ApprovalEnded("This is decided already; nothing more can be done here.") from error
    except engine.TooLate as error:
        raise AnswerTooLate("The time to answer is over.") from error
    except engine.NotEntitled as error:
        raise NotAsked("This decision is somebody else’s.") from error
    except engine.Misplaced as error:
        raise ApprovalEnded("This was answered meanwhile.") from error
    except engine.ChainInvalid as error:
        raise Invalid(errors=[FieldError(f"/chain{each.pointer}", each.code, each.message) for each in error.wrong]) from error
