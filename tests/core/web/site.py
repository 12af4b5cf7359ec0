"""A small server for the sample pages: the headers of the product, its static files, a client's colour."""

import mimetypes
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from msp.core.web.assets import STATIC, static_version
from msp.core.web.brand import brand_stylesheet
from msp.core.web.headers import security_headers
from tests.core.web import samples

PAGES = (
    "queue",
    "ticket",
    "settings",
    "gallery",
    "portal_home",
    "portal_ticket",
    "portal_report",
    "sign_in",
    "error_page",
)


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path.startswith("/static/"):
            file = STATIC / path.removeprefix("/static/").removeprefix(f"{static_version()}/")
            self._answer(file.read_bytes(), mimetypes.guess_type(file.name)[0] or "text/plain")
        elif path.startswith("/brand/"):
            name = path.removeprefix("/brand/").removesuffix(".css")
            self._answer(brand_stylesheet(samples.BRANDS[name]).encode(), "text/css")
        elif path.startswith("/pages/"):
            self._answer(self.server.pages[path.removeprefix("/pages/")], "text/html; charset=utf-8")  # type: ignore[attr-defined]  # set below
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._answer(b'{"ticket": "t"}', "application/json")

    def _answer(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in security_headers("console").items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@contextmanager
def serving(*pages: str) -> Iterator[str]:
    """Serve the named sample pages, by default all; yields the address of the site."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.pages = {page: samples.render(page).encode() for page in pages or PAGES}  # type: ignore[attr-defined]  # read by the handler
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
