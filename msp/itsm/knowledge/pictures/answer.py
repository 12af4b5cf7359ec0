"""A picture as a browser gets it: from us, for the page that shows it."""

from collections.abc import Iterable

from flask import Response

from msp.core.app import settings
from msp.core.files.names import content_disposition
from msp.core.web.headers import file_headers


def picture_answer(chunks: Iterable[bytes], name: str) -> Response:
    """The answer that carries it; `name` is its file name, which says the type."""
    response = Response(chunks, mimetype=f"image/{name.rpartition('.')[2]}")
    response.headers.update(file_headers(disposition=content_disposition(name, inline=True), https=settings().is_https))
    return response
