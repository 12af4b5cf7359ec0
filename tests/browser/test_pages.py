"""Every page as people meet it: accessible in light and dark, quiet in the console, fit for a phone, and usable by keyboard."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from msp.core.app import MspFlask
from tests.browser import stage as stages

AXE = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
CHECK = "([only]) => axe.run(document, only ? {runOnly: only, resultTypes: ['violations']} : {resultTypes: ['violations']})"
TOO_WIDE = """() => [document.documentElement, ...document.querySelectorAll('.scroll, .side')]
    .filter((box) => box.clientWidth && box.scrollWidth > box.clientWidth + 1)
    .map((box) => `${box.tagName}.${box.className} ${box.scrollWidth}`)"""
UNSEEN = """() => {
    const it = document.activeElement;
    const rings = [it, it.parentElement].some((each) => each && getComputedStyle(each).outlineStyle !== 'none');
    const shades = [it, it.closest('.composer') ?? it].some((each) => getComputedStyle(each).boxShadow !== 'none');
    return rings || shades ? null : it.outerHTML.slice(0, 120);
}"""
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
REF = re.compile(r"(?<=^/tickets/)[^/]+-\d+|(?<=^/requests/)[^/]+-\d+")

# What a browser never shows as a page of its own, or what only a link from a mail or a half-done sign-in opens.
NO_PAGE = (
    r"/api/|/static/|/brand/|/files/|/healthz|/readyz|.*/(suggest|suggestions|counts|progress|regions|bell|export)$|/tickets/new/people$|/tickets/\{\}/macros/\{\}$|.*\.json$"
    r"|/sign-in|/forgotten|/invitation/|/reset/|/rate/|/decide/|/arrive|/companies|/confirm|/live"
)


@pytest.fixture(scope="package")
def stage(running: Any) -> stages.Stage:
    return stages.build(running.app)


def watched(page: Page) -> list[str]:
    """The list in which everything lands that the browser complains of, violations of the content security policy among it."""
    heard: list[str] = []
    page.on("console", lambda said: heard.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: heard.append(str(error)))
    return heard


def shape(path: str) -> str:
    """The path with a hole for each id."""
    return re.sub(r"(?<=/versions/)\d+$", "{}", REF.sub("{}", ID.sub("{}", urlsplit(path).path)))


def rules(app: MspFlask) -> set[str]:
    """Every page that the application has."""
    shapes = {re.sub(r"<[^>]+>", "{}", rule.rule) for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    return {each for each in shapes if not re.match(NO_PAGE, each)}


def walk(page: Page, start: str, extra: tuple[str, ...]) -> Iterator[str]:
    """Open one page of each shape, following links from the start."""
    base = "{0.scheme}://{0.netloc}".format(urlsplit(start))
    ahead, seen = [urlsplit(start).path, *extra], set[str]()
    while ahead:
        path = ahead.pop(0)
        if (key := path if path in extra else shape(path)) in seen or re.match(NO_PAGE, shape(path)):
            continue
        seen.add(key)
        answer = page.goto(base + path)
        assert answer is not None
        assert answer.ok or path in extra, f"{path}: {answer.status}"
        yield path
        ahead += [href for href in page.eval_on_selector_all("a[href^='/']", "all => all.map((a) => a.getAttribute('href'))") if href]


def violations(page: Page, only: str | None = None) -> list[str]:
    found = page.evaluate(CHECK, [only])["violations"]
    return [f"{each['id']}: {', '.join(str(node['target']) for node in each['nodes'][:3])}" for each in found]


def check(page: Page, path: str, width: int, heard: list[str]) -> list[str]:
    """What is wrong with the page that is open."""
    page.set_viewport_size({"width": 1280, "height": 900})
    wrong = violations(page)
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    wrong += [f"dark {each}" for each in violations(page, "color-contrast")]
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 800})
    wrong += [f"at {width} px wider than the window: {each}" for each in page.evaluate(TOO_WIDE)]
    wrong += [text for text in heard if "status of 422" not in text]
    heard.clear()
    return [f"{path}: {each}" for each in wrong]


def visit(window: Any, start: str, width: int, extra: tuple[str, ...] = ()) -> tuple[set[str], list[str]]:
    """The shapes of the pages that were opened, and what is wrong with them."""
    window.context.add_init_script(path=str(AXE))
    window.emulate_media(color_scheme="light", reduced_motion="reduce")
    heard, wrong, seen = watched(window), list[str](), set[str]()
    for path in walk(window, start, extra):
        seen.add(shape(path))
        wrong += check(window, path, width, heard)
    return seen, wrong


def test_every_page_of_the_console(running: Any, stage: stages.Stage, person_at: Callable[..., Any]) -> None:
    window = person_at("console.localhost", stage.agent.provider_id, stage.agent.person_id)
    extra = (
        f"/tickets/{stage.waiting}", f"/tickets/{stage.waiting}?compose=note", f"/clients/{stage.company.id}",
        "/queue?q=nothing-has-this-word", "/queue?q=client:::",
    )  # fmt: skip
    seen, wrong = visit(window, running.url("console.localhost", "/queue"), 390, extra)
    assert not wrong, "\n".join(wrong)
    assert rules(running.app) - seen - {"/"} == set(), "pages that no link leads to"


def test_every_page_of_the_portal(running: Any, stage: stages.Stage, person_at: Callable[..., Any]) -> None:
    company = stage.company
    window = person_at(company.host, company.id, company.people["admin"].person_id)
    extra = (f"/requests/{stage.waiting}", f"/requests/{stage.resolved}?x", "/search?q=printer", "/search?q=nothing-has-this")
    seen, wrong = visit(window, running.url(company.host), 320, extra)
    assert not wrong, "\n".join(wrong)
    assert rules(running.portal_app) - seen == set(), "pages that no link leads to"
    window = person_at(company.host, company.id, company.people["requester"].person_id)
    _, wrong = visit(window, running.url(company.host), 320, (f"/requests/{stage.waiting}",))
    assert not wrong, "\n".join(wrong)


def test_pages_before_the_door_and_errors(running: Any, stage: stages.Stage, chromium: Browser) -> None:
    context = chromium.new_context(reduced_motion="reduce")
    context.add_init_script(path=str(AXE))
    page, wrong = context.new_page(), list[str]()
    heard = watched(page)
    for host in (stage.company.host, "console.localhost"):
        for path in ("/sign-in", "/forgotten", "/invitation/none", "/nowhere", "/api/v1/docs"):
            page.goto(running.url(host, path))
            heard[:] = [text for text in heard if "status of 404" not in text]
            wrong += check(page, host + path, 320, heard)
    context.close()
    assert not wrong, "\n".join(wrong)


def test_keyboard(running: Any, stage: stages.Stage, person_at: Callable[..., Any]) -> None:
    """The first stop leads past the navigation, every stop is seen, and a dialog keeps and returns the focus."""
    window = person_at("console.localhost", stage.agent.provider_id, stage.agent.person_id)
    window.goto(running.url("console.localhost", f"/tickets/{stage.waiting}"))
    window.keyboard.press("Tab")
    expect(window.locator(".skip-link")).to_be_focused()
    expect(window.locator(".skip-link")).to_be_in_viewport()
    window.keyboard.press("Enter")
    expect(window.locator("#main")).to_be_focused()
    hidden = []
    for _ in range(25):
        window.keyboard.press("Tab")
        if said := window.evaluate(UNSEEN):
            hidden.append(said)
    assert hidden == [], "stops that cannot be seen"
    opener = window.locator("button[data-dialog=status]")
    opener.focus()
    window.keyboard.press("Enter")
    dialog = window.locator("dialog#status")
    expect(dialog).to_be_visible()
    for _ in range(12):
        window.keyboard.press("Tab")
        assert window.evaluate("() => document.activeElement === document.body || !!document.activeElement.closest('dialog[open]')")
    window.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()


def test_a_reply_half_written_is_not_left_behind_unasked(running: Any, stage: stages.Stage, person_at: Callable[..., Any]) -> None:
    """Resolving while a reply is written says so first; pressed again it resolves, and the reply stays as a draft."""
    window = person_at("console.localhost", stage.agent.provider_id, stage.agent.person_id)
    window.goto(running.url("console.localhost", f"/tickets/{stage.waiting}"))
    resolve = window.locator("#acts form[data-leaves-draft] button")
    window.fill("#compose-public textarea[name=body]", "It was the cable.")
    resolve.click()
    expect(window.locator("#toasts")).to_contain_text("Your reply is not sent")
    expect(window.locator("#facts")).not_to_contain_text("Resolved")
    resolve.click()
    expect(window.locator("#facts")).to_contain_text("Resolved")
    expect(window.locator("#compose-public textarea[name=body]")).to_have_value("It was the cable.")
