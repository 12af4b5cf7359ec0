"""The application: one Flask app a surface, each with its own login to the database.

A request is one transaction: a status under 400 commits it, anything else undoes it before the error is shown.
"""

import importlib
import io
from collections.abc import Iterable
from typing import Any, Literal, cast

import structlog
from flask import Flask, g, request
from flask.typing import ResponseReturnValue
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from werkzeug.middleware.proxy_fix import ProxyFix

from msp.core import features, logs
from msp.core.config import ConfigError, Settings
from msp.core.db import commit, db, rollback
from msp.core.ids import new_id
from msp.core.web import errors, frame, gates, static_files
from msp.core.web.session import TokenSessionInterface

Surface = Literal["console", "portal"]
log = structlog.get_logger(__name__)


class MspFlask(Flask):
    """Flask with the commit around request dispatch, and nowhere else."""

    surface: Surface
    settings: Settings
    session_interface = TokenSessionInterface()

    def wsgi_app(self, environ: Any, start_response: Any) -> Any:
        """HEAD is GET without its answer's body, for every view: none can take it for a POST and act on what it carries."""
        if environ["REQUEST_METHOD"] != "HEAD":
            return super().wsgi_app(environ, start_response)
        asked = {name: value for name, value in environ.items() if name not in ("CONTENT_TYPE", "HTTP_TRANSFER_ENCODING")}
        asked |= {"REQUEST_METHOD": "GET", "CONTENT_LENGTH": "0", "wsgi.input": io.BytesIO()}
        answer = super().wsgi_app(asked, start_response)
        if hasattr(answer, "close"):
            answer.close()
        return ()

    def dispatch_request(self) -> ResponseReturnValue:
        try:
            response = self.make_response(super().dispatch_request())
        except BaseException:
            rollback()
            raise
        if response.status_code < 400:
            commit()
        else:
            rollback()
        return response


def create_app(surface: Surface, settings: Settings, packages: Iterable[str]) -> MspFlask:
    """Build the application of one surface from the features named."""
    logs.configure()
    packages = tuple(packages)
    app = MspFlask("msp.core.web", static_folder=None, template_folder="templates")
    app.surface, app.settings = surface, settings
    _configure(app)
    db.init_app(app)
    # A Redis that is away must cost milliseconds, not the client's default retries: PostgreSQL carries the work meanwhile.
    app.extensions["msp.redis"] = Redis.from_url(
        settings.redis_url or "redis://127.0.0.1:1/0", retry=Retry(NoBackoff(), 0), socket_timeout=5, socket_connect_timeout=1
    )
    features.load(packages)
    static_files.init_app(app)
    frame.init_app(app)
    _protect(app)
    for part in features.parts("access", packages):
        part.init_app(app)
    for part in features.parts("setup", packages):
        part.init_app(app)
    app.before_request(gates.check)
    _register(app, packages)
    errors.init_app(app)
    gates.require_gates(app)
    if settings.trusted_proxies:
        count = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]  # as Werkzeug documents
    return app


def _configure(app: MspFlask) -> None:
    settings = app.settings
    url = settings.console_database_url if app.surface == "console" else settings.portal_database_url
    if not url:
        raise ConfigError(f"MSP_{app.surface.upper()}_DATABASE_URL is not set")
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SECRET_KEY_FALLBACKS=list(settings.secret_keys[1:]),
        SQLALCHEMY_DATABASE_URI=url,
        SQLALCHEMY_ENGINE_OPTIONS={"pool_size": 10, "max_overflow": 10, "pool_pre_ping": True},
        SESSION_COOKIE_NAME="__Host-msp" if settings.is_https else "msp",
        SESSION_COOKIE_SECURE=settings.is_https,
        MAX_CONTENT_LENGTH=2 * 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=1024 * 1024,
        MAX_FORM_PARTS=500,
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,
        TEMPLATES_AUTO_RELOAD=False,
        RATELIMIT_STORAGE_URI=settings.redis_url,
    )
    app.json.sort_keys = False  # type: ignore[attr-defined]  # the default provider has it
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True


def _protect(app: MspFlask) -> None:
    """Name the request; nothing here touches the database."""

    @app.before_request
    def name_request() -> None:
        g.request_id = str(new_id())
        structlog.contextvars.bind_contextvars(request_id=g.request_id, surface=app.surface)

    @app.after_request
    def say_id(response: Any) -> Any:
        response.headers["X-Request-Id"] = g.get("request_id", "")
        structlog.contextvars.clear_contextvars()
        return response


def _register(app: MspFlask, packages: tuple[str, ...]) -> None:
    """Blueprints of each feature: `pages` and `api` modules name theirs and the surface they belong to."""
    for part in features.parts("pages", packages):
        if part.SURFACE in (app.surface, "both"):
            for blueprint in part.BLUEPRINTS:
                app.register_blueprint(blueprint)
    if any(features.parts("api", packages)):
        importlib.import_module("msp.core.api.setup").init_app(app, features.parts("api", packages))


def this_app() -> MspFlask:
    """The running application with its own type."""
    from flask import current_app

    return cast(MspFlask, current_app._get_current_object())  # type: ignore[attr-defined]  # the proxy's documented way


def settings() -> Settings:
    """The running application's settings."""
    return this_app().settings


def wants_json() -> bool:
    """Whether the answer to this request is for a program."""
    return request.path.startswith("/api/") or request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json"


