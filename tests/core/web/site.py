"""A small server for the sample pages: the product's headers and static files, a client's colour, a live stream."""

import json
import mimetypes
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

from msp.core.web.assets import STATIC, static_version
from msp.core.web.brand import brand_stylesheet
from msp.core.web.headers import security_headers
from tests.core.web import samples

PAGES = (
    "queue", "ticket", "settings", "gallery", "portal_home", "portal_ticket", "portal_report", "portal_request",
    "form_builder", "sign_in", "error_page",
)  # fmt: skip


class Site(ThreadingHTTPServer):
    """The server, and what a test may ask of it: messages on the stream, fragments, what was posted."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.address = f"http://127.0.0.1:{self.server_address[1]}"
        self.pages = {page: samples.render(page).encode() for page in PAGES}
        self.fragments: dict[str, str] = {}
        self.posted: list[tuple[str, str, str]] = []  # path, body, CSRF token
        self.streams: list[queue.Queue[str | None]] = []
        self.asked: list[dict[str, str]] = []  # the parameters of each stream
        self._numbers = iter(range(1, 1_000_000))

    def tell(self, **message: str) -> None:
        """Send a message to every open stream."""
        for stream in self.streams:
            stream.put(f"id: {next(self._numbers)}\ndata: {json.dumps(message)}\n\n")

    def hang_up(self) -> None:
        """End every open stream, as the live process does after its fifteen minutes."""
        for stream in self.streams:
            stream.put(None)
        self.streams.clear()


class _Handler(BaseHTTPRequestHandler):
    @property
    def site(self) -> Site:
        return cast(Site, self.server)

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        kind, _, name = path[1:].partition("/")
        if kind == "static":
            file = STATIC / name.removeprefix(f"{static_version()}/")
            self._answer(file.read_bytes(), mimetypes.guess_type(file.name)[0] or "text/plain")
        elif kind == "brand":
            self._answer(brand_stylesheet(samples.BRANDS[name.removesuffix(".css")]).encode(), "text/css")
        elif kind == "pages":
            self._answer(self.site.pages[name], "text/html; charset=utf-8")
        elif kind == "fragment":
            self._answer(self.site.fragments[name].encode(), "text/html; charset=utf-8")
        elif kind == "live":
            self._stream()
        else:
            self._answer(b"", "image/x-icon")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        self.site.posted.append((self.path, body, self.headers.get("X-CSRFToken", "")))
        answer: dict[str, Any] = {"ticket": "t", "id": "file-1"}
        self._answer(json.dumps(answer).encode(), "application/json")

    def _stream(self) -> None:
        self.site.asked.append({key: values[0] for key, values in parse_qs(urlsplit(self.path).query).items()})
        messages: queue.Queue[str | None] = queue.Queue()
        self.site.streams.append(messages)
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        while (message := messages.get()) is not None:
            try:
                self.wfile.write(message.encode())
                self.wfile.flush()
            except OSError:
                return

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
def serving() -> Iterator[Site]:
    """Serve the sample pages."""
    server = Site()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.hang_up()
        server.shutdown()
        server.server_close()
