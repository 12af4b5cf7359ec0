"""The page that describes the API: every operation once, links that lead somewhere, and calls that are right."""

import io
import json
import re
import shlex
from collections import Counter
from html.parser import HTMLParser
from typing import Any

import pytest

from msp.core.api import openapi, reading
from tenants.identity import api_tokens
from tests.support import world

PATH = "/api/v1/docs"


class Reader(HTMLParser):
    """Ids, links, tags and the texts of `pre` elements."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: Counter[str] = Counter()
        self.links: set[str] = set()
        self.tags: Counter[str] = Counter()
        self.attributes: Counter[str] = Counter()
        self.calls: dict[str, str] = {}
        self._is_pre = False
        self._article = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags[tag] += 1
        self.attributes.update(given.keys())
        self.ids.update([given["id"] or ""] if "id" in given else [])
        self.links |= {given["href"] or ""} if "href" in given else set()
        self._article = given.get("id") or "" if tag == "article" else self._article
        self._is_pre = tag == "pre" or (self._is_pre and tag == "code")

    def handle_data(self, data: str) -> None:
        if self._is_pre and self._article:
            self.calls[self._article] = self.calls.get(self._article, "") + data

    def handle_endtag(self, tag: str) -> None:
        self._is_pre = self._is_pre and tag != "pre"


def page(app: Any, host: str) -> Any:
    return app.test_client().get(PATH, base_url=f"http://{host}/")


def document() -> dict[str, Any]:
    return json.loads(openapi.FILE.read_text())


@pytest.fixture(scope="module")
def read(console_app: Any) -> Reader:
    return Reader(page(console_app, "console.localhost").text)


def test_every_operation_stands_on_it_once(read: Reader) -> None:
    described = [reading.anchor(method, path) for path, item in document()["paths"].items() for method in item if method in reading.METHODS]
    assert len(described) == len(set(described)) > 80
    assert {read.ids[each] for each in described} == {1}
    assert read.calls.keys() == set(described)
    assert set(read.ids.values()) == {1}


def test_every_link_leads_somewhere(read: Reader, console_app: Any) -> None:
    inside = {link.removeprefix("#") for link in read.links if link.startswith("#")}
    assert {"post-tickets", "schema-Problem", "errors"} <= inside
    assert inside - read.ids.keys() == set()
    client = console_app.test_client()
    for link in read.links:
        assert link.startswith(("#", "/")), link
        if not link.startswith("#"):
            with client.get(link, base_url="http://console.localhost/") as answer:
                assert answer.status_code < 400, link


@pytest.mark.parametrize("side", ["console", "portal"])
def test_both_hosts_show_it_to_everybody(side: str, console_app: Any, portal_app: Any, acme: Any) -> None:
    app, host = (console_app, "console.localhost") if side == "console" else (portal_app, acme.host)
    answer = page(app, host)
    assert answer.status_code == 200
    assert answer.mimetype == "text/html"
    assert f"http://{host}/api/v1/tickets" in answer.text
    assert reading.BASE not in answer.text
    assert len(answer.data) < 600_000
    assert "Set-Cookie" not in answer.headers
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    again = app.test_client().get(PATH, base_url=f"http://{host}/", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    other = page(portal_app, world.company(console_app, "Docs").host)
    assert f"http://{host}/" not in other.text


def test_it_needs_no_script_and_no_style_of_its_own(read: Reader) -> None:
    assert read.tags["script"] == read.tags["style"] == read.attributes["style"] == 0
    assert not [name for name in read.attributes if name.startswith("on")]


def test_it_says_who_may_and_what_is_needed(read: Reader, console_app: Any) -> None:
    text = page(console_app, "console.localhost").text
    change = text[text.index('id="patch-tickets-ticket"') : text.index('id="post-tickets-ticket-acknowledgement"')]
    assert re.search(r"Agents · scope <code>tickets:write</code> · permission <code>ticket.triage</code>", change)
    assert "If-Match: $ETAG" in read.calls["patch-tickets-ticket"]
    opening = reading.tags(document())
    found = {each.anchor: each for tag in opening for each in tag.operations}
    assert found["post-tickets"].audience == "Agents and contacts"
    assert [field.name for field in found["post-tickets"].body.fields if field.is_required] == ["subject"]  # type: ignore[union-attr]


def test_each_call_is_one_that_the_api_understands(read: Reader, console_app: Any) -> None:
    """Sent as it stands, with a good token, a call is refused at most for the things that it names."""
    _, admin = world.agent(console_app, "admin")
    with world.acting(console_app, admin) as by:
        token = api_tokens.create("Docs", api_tokens.offered_scopes(by=by), days=1, by=by)
    client, wrong = console_app.test_client(), []
    audiences = {each.anchor: each.audience for tag in reading.tags(document()) for each in tag.operations}
    for name, call in read.calls.items():
        method, url, headers, body = sent(call)
        headers = {key: value.replace("$TOKEN", token).replace("$ETAG", '"1"') for key, value in headers.items()}
        data: Any = {"file": (io.BytesIO(b"text"), "report.txt")} if body == "file" else body
        answer = client.open(url, method=method, headers=headers, data=data)
        told = answer.json or {}
        is_about_things = answer.status_code == 422 and {each["code"] for each in told["errors"]} == {"unknown"}
        is_for_people = told.get("code") == "reauthentication_required"
        is_for_clients = told.get("code") == "forbidden" and audiences[name] == "Contacts"
        if answer.status_code not in {200, 201, 202, 204, 404, 409, 412} and not (is_about_things or is_for_people or is_for_clients):
            wrong.append((name, answer.status_code, told))
    assert not wrong, "\n".join(map(str, wrong))


def sent(call: str) -> tuple[str, str, dict[str, str], str | None]:
    """What curl would send: method, address, headers, body."""
    words = iter(shlex.split(call.replace("\\\n", " ").replace("$(uuidgen)", world.unique("key"))))
    assert next(words) == "curl"
    method, url, headers, body = "", "", {}, None
    for word in words:
        if word == "-X":
            method = next(words)
        elif word == "-H":
            name, _, value = next(words).partition(": ")
            headers[name] = value
        elif word == "-d":
            body = next(words)
        elif word == "-F":
            body = next(words).partition("=")[0]
        elif word != "-OJ":
            url = word
    return method or ("POST" if body is not None else "GET"), url, headers, body
