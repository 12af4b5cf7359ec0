"""What people and clients bring to the application when it is made."""

from flask import Flask

from msp.core.mail import services as mail
from tenants import senders


def init_app(app: Flask) -> None:
    """Tell outgoing mail how to find a client's sender."""
    mail.set_sender(app, senders.sender)
