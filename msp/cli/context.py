"""What commands share: the application of the console's login and the actor that a command is."""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager

from msp.core.actor import Actor
from msp.core.app import MspFlask
from msp.core.db import call, transaction
from msp.core.process import set_application
from msp.core.scope import Scope, Trail
from msp.wsgi import app_of
from tenants.permissions import Permission


def console_app() -> MspFlask:
    """The application that workers and commands run in; also the process's own."""
    app = app_of("console")
    set_application(app)
    return app


def operator(*permissions: str) -> Actor:
    """Whoever runs the command on the machine: an actor like any other, with these permissions."""
    name = f"command line ({getpass.getuser()})"
    return Actor.system(name, *(permissions or tuple(Permission)))


@contextmanager
def command(*permissions: str) -> Iterator[Actor]:
    """One command, one transaction under the staff role; yields its actor."""
    by = operator(*permissions)
    with console_app().app_context(), transaction(Scope.staff(trail=Trail(actor_name=by.name))):
        yield by


def require_installed() -> None:
    """Stop with a clear line where no provider is set up yet."""
    if not call("provider"):
        raise RuntimeError("nothing is installed here yet: run `msp admin create` first, or `msp demo seed` in a demo")
