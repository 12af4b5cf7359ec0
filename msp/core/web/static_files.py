"""Static files: under their version they may be kept for ever, without it never without asking; a client's colour."""

import re

from flask import Flask, Response, send_from_directory

from msp.core.errors import NotFound
from msp.core.web.assets import STATIC, asset_url, static_version
from msp.core.web.brand import brand_stylesheet
from msp.core.web.gates import gated, open_to_all

_VERSION = re.compile(r"^([0-9a-f]{12})/")
FOR_EVER = 365 * 24 * 3600
WEEK = 7 * 24 * 3600


def init_app(app: Flask) -> None:
    """Serve `/static/...` and give templates `asset_url`."""

    @app.get("/static/<path:path>", endpoint="static")
    @gated(open_to_all("style sheets, scripts and icons are public"))
    def static(path: str) -> Response:
        version = _VERSION.match(path)
        name = path[version.end() :] if version else path
        is_current = bool(version and version.group(1) == static_version())
        response = send_from_directory(STATIC, name, max_age=FOR_EVER if is_current else 0)
        if is_current:
            response.headers["Cache-Control"] = f"public, max-age={FOR_EVER}, immutable"
        return response

    @app.get("/brand/<colour>.css", endpoint="brand")
    @gated(open_to_all("a colour alone names no client"))
    def brand(colour: str) -> Response:
        try:
            sheet = brand_stylesheet(f"#{colour}")
        except ValueError:
            raise NotFound from None
        return Response(sheet, mimetype="text/css", headers={"Cache-Control": f"public, max-age={WEEK}"})

    app.jinja_env.globals["asset_url"] = asset_url
