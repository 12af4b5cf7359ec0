"""What the console adds to its application beside pages: the frame around them."""

from agent_console import shell
from msp.core.app import MspFlask
from msp.core.web import frame


def init_app(app: MspFlask) -> None:
    """Frame the console's pages; the portals have their own."""
    if app.surface == "console":
        frame.set_shell(app, shell.build)
