"""The API of an application: resources of every feature, limits and the description of it all."""

from collections.abc import Iterable
from types import ModuleType

import flask_smorest
from flask import Blueprint, Flask, Response, jsonify

from msp.core.api import limits, openapi
from msp.core.api.blueprint import ROOT
from msp.core.web.gates import open_to_all


class Api(flask_smorest.Api):
    """Collects the description; errors are answered by `msp.core.web.errors` alone."""

    def _register_error_handlers(self) -> None:
        """None of its own."""


def init_app(app: Flask, parts: Iterable[ModuleType]) -> None:
    """Register the resources that the features' `api` modules name."""
    api = described(app, parts)
    limits.init_app(app)
    about = Blueprint("api_about", __name__, url_prefix=ROOT)
    about.gate = open_to_all("describes the API, holds nothing of anybody")  # type: ignore[attr-defined]  # read by core.web.gates

    @about.get("/openapi.json")
    def description() -> Response:
        return jsonify(openapi.document(api))

    app.register_blueprint(about)


def described(app: Flask, parts: Iterable[ModuleType]) -> Api:
    """The resources on an application, and their description."""
    app.config.update(API_TITLE="Service platform", API_VERSION="v1", OPENAPI_VERSION="3.1.0")
    api = Api(app)
    openapi.register(api)
    for part in parts:
        for resource in part.BLUEPRINTS:
            api.register_blueprint(resource)
    return api
