"""The sample pages in Chromium: no breach of the policy, nothing that axe finds, nothing wider than the screen."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.core.web.site import PAGES, Site

pytestmark = pytest.mark.browser

AXE = (Path(__file__).parents[3] / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")
VIEWS = {"wide": (1280, "light"), "dark": (1280, "dark"), "narrow": (390, "light")}
DARK = ("gallery", "ticket", "settings", "portal_ticket", "portal_request", "form_builder")  # every component stands on one of them
PORTAL = [page for page in PAGES if page.startswith("portal") or page in ("sign_in", "error_page")]


def shown(chromium: Browser, pages: Site, name: str, width: int = 1280, **options: object) -> tuple[Page, list[str]]:
    """A page in a context of its own, and what it complains of."""
    context = chromium.new_context(viewport={"width": width, "height": 900}, reduced_motion="reduce", **options)  # type: ignore[arg-type]  # playwright's own names
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{pages.address}/pages/{name}")
    page.wait_for_function("window.htmx !== undefined || document.documentElement.dataset.noScript")
    return page, complaints


@pytest.mark.parametrize(("name", "view"), [(name, view) for name in PAGES for view in VIEWS if view != "dark" or name in DARK])
def test_axe_finds_nothing(chromium: Browser, pages: Site, name: str, view: str) -> None:
    width, scheme = VIEWS[view]
    page, _ = shown(chromium, pages, name, width, color_scheme=scheme, bypass_csp=True)
    page.evaluate(AXE)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found] == []
    page.context.close()


@pytest.mark.parametrize("name", PAGES)
def test_the_policy_holds_and_nothing_is_too_wide(chromium: Browser, pages: Site, name: str) -> None:
    widths = (1440, 1024, 768, 390, 320)
    page, complaints = shown(chromium, pages, name)
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        too_wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert too_wide <= 0, f"{too_wide} px at {width}"
    assert complaints == []
    page.context.close()


@pytest.mark.parametrize("name", PAGES)
def test_every_icon_is_drawn(chromium: Browser, pages: Site, name: str) -> None:
    page, _ = shown(chromium, pages, name)
    page.wait_for_load_state("networkidle")
    empty = page.evaluate(
        """() => [...document.querySelectorAll('svg.i use, svg .i')]
            .filter((use) => use.checkVisibility() && use.getBBox && use.getBBox().width === 0)
            .map((use) => use.getAttribute('href'))"""
    )
    assert empty == []
    page.context.close()


@pytest.mark.parametrize("name", PORTAL)
def test_the_portal_works_without_script(chromium: Browser, pages: Site, name: str) -> None:
    context = chromium.new_context(java_script_enabled=False, viewport={"width": 390, "height": 900})
    page = context.new_page()
    page.goto(f"{pages.address}/pages/{name}")
    for form in page.locator("form[method=post]:visible").all():
        assert form.locator("button:visible").count() >= 1
        assert form.locator("input[name=csrf_token]").count() == 1
    if name.startswith("portal"):
        menu = page.locator(".menu-narrow")
        menu.locator("summary").click()
        assert menu.get_by_role("link", name="My requests").is_visible()
    if name == "portal_ticket":
        assert page.locator(".receipt").is_visible()
        page.get_by_text("How we counted this").click()
        assert not page.locator(".receipt").is_visible()
    context.close()


def test_targets_on_the_portal_are_large_enough(chromium: Browser, pages: Site) -> None:
    page, _ = shown(chromium, pages, "portal_home", 390)
    small = page.evaluate(
        """() => [...document.querySelectorAll('.btn, .input, .tile, .req, .menu-item, summary')]
            .filter((element) => element.checkVisibility() && !element.closest('.sr, .find .btn'))
            .filter(({offsetHeight}) => offsetHeight > 2 && offsetHeight < 44)
            .map((element) => element.outerHTML.slice(0, 80))"""
    )
    assert small == []
    page.context.close()


def test_a_brand_colours_the_portal_only(chromium: Browser, pages: Site) -> None:
    probe = "getComputedStyle(document.documentElement).getPropertyValue('--brand').trim()"
    portal, _ = shown(chromium, pages, "portal_home")
    console, _ = shown(chromium, pages, "queue")
    assert portal.evaluate(probe) == "#007a82"
    assert console.evaluate(probe).startswith("oklch(")
    portal.context.close()
    console.context.close()
