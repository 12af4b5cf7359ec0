"""The API of an application: resources of every feature, limits and the description of it all, for programs and for people."""

from collections.abc import Iterable
from types import ModuleType

import flask_smorest
from flask import Blueprint, Flask, Response, jsonify, make_response, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup, escape

from msp.core.api import limits, openapi, reading
from msp.core.api.blueprint import ROOT
from msp.core.web.gates import open_to_all


class Api(flask_smorest.Api):
    """Collects the description; errors are answered by `msp.core.web.errors` alone."""

    rights: dict[str, openapi.Right]

    def _register_error_handlers(self) -> None:
        """None of its own."""


def init_app(app: Flask, parts: Iterable[ModuleType]) -> None:
    """Register the resources that the features' `api` modules name."""
    document = openapi.document(described(app, parts))
    limits.init_app(app)
    about = Blueprint("api_about", __name__, url_prefix=ROOT)
    about.gate = open_to_all("describes the API, holds nothing of anybody")  # type: ignore[attr-defined]  # read by core.web.gates
    written: list[str] = []

    @about.get("/openapi.json")
    def description() -> Response:
        return jsonify(document)

    @about.get("/docs")
    def viewer() -> ResponseReturnValue:
        """The long part is the same for everybody but for the address in it, and is written once."""
        if not written:
            written.append(render_template("api/operations.html", tags=reading.tags(document), shapes=reading.shapes(document), r=reading))
        base = str(escape(request.host_url.rstrip("/")))
        response = make_response(render_template(
            "api/docs.html", operations=Markup(written[0].replace(reading.BASE, base)), base=base + ROOT, document=document,  # noqa: S704 - a template's
        ))  # fmt: skip
        response.add_etag()
        return response.make_conditional(request)

    app.register_blueprint(about)


def described(app: Flask, parts: Iterable[ModuleType]) -> Api:
    """The resources on an application, and their description."""
    app.config.update(API_TITLE="Service platform", API_VERSION="v1", OPENAPI_VERSION="3.1.0")
    api = Api(app)
    api.rights = {}
    openapi.register(api)
    for part in parts:
        api.rights |= getattr(part, "RIGHTS", {})
        for resource in part.BLUEPRINTS:
            api.register_blueprint(resource)
    return api
