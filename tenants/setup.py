"""What people and clients bring to the application when it is made."""

from flask import Flask

from msp.core import actor
from msp.core.mail import services as mail
from tenants import rights, senders


def init_app(app: Flask) -> None:
    """Tell outgoing mail how to find a client's sender, and refusals what permissions are called."""
    mail.set_sender(app, senders.sender)
    actor.set_words(rights.right_words)
    app.jinja_env.globals["who_grants"] = rights.who_grants
