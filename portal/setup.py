"""What the portal adds to its application beside pages: the frame around them."""

from msp.core.app import MspFlask
from msp.core.web import frame
from portal import shell


def init_app(app: MspFlask) -> None:
    """Frame the portals' pages; the console has its own."""
    if app.surface == "portal":
        frame.set_shell(app, shell.build)
