"""The application of this process, built once by its entry point and used by the jobs that it runs."""

from flask import Flask

_application: Flask | None = None


def set_application(app: Flask) -> None:
    global _application
    _application = app


def application() -> Flask:
    """The application built at start-up; RuntimeError where none was."""
    if _application is None:
        raise RuntimeError("this process has no application")
    return _application
