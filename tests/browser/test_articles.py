"""Articles in a browser: into what is being written, by keyboard; pictures pasted into a text; neighbours put in order."""

import base64
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser import stage as stages
from tests.itsm.test_knowledge import published
from tests.itsm.test_pictures import png
from tests.support import world

PASTE = """([text, data]) => {
    const bytes = Uint8Array.from(atob(data), (each) => each.charCodeAt(0)), clip = new DataTransfer();
    clip.items.add(new File([bytes], 'rack.png', { type: 'image/png' }));
    document.querySelector(text).dispatchEvent(new ClipboardEvent('paste', { clipboardData: clip, bubbles: true, cancelable: true }));
}"""


@pytest.fixture(scope="module")
def stage(running: Any) -> stages.Stage:
    return stages.build(running.app)


def test_an_article_goes_where_it_may_by_keyboard(running: Any, stage: stages.Stage, person_at: Callable[..., Any]) -> None:
    inner = published(running.app, world.unique("Black screen within "), audience="internal")
    page = person_at("console.localhost", stage.agent.provider_id, stage.agent.person_id)
    page.goto(running.url("console.localhost", f"/tickets/{stage.resolved}"))
    reply, note = page.locator("#compose-public textarea"), page.locator("#compose-note textarea")
    reply.fill("Before. After.")
    reply.evaluate("(text) => text.setSelectionRange(8, 8)")
    page.get_by_role("button", name="Insert link A screen stays black").focus()
    page.keyboard.press("Enter")
    expect(reply).to_have_value(re.compile(r"^Before\. \[A screen stays black\]\(http://.*/help/[0-9a-f-]+\)After\.$"))
    expect(reply).to_be_focused()
    assert page.get_by_role("button", name=f"Insert link {inner.title}").count() == 0
    page.get_by_role("button", name=f"Link into note {inner.title}").focus()
    page.keyboard.press("Enter")
    expect(note).to_have_value(re.compile(f"/articles/{inner.id}"))
    expect(note).to_be_focused()
    assert str(inner.id) not in reply.input_value()


def test_a_picture_is_pasted_and_neighbours_are_put_in_order(running: Any, stage: stages.Stage, person_at: Callable[..., Any]) -> None:
    word = world.unique("Rack")
    row, first, second = (published(running.app, f"{name} {word}") for name in ("About", "First", "Second"))
    page = person_at("console.localhost", stage.agent.provider_id, stage.agent.person_id)
    page.goto(running.url("console.localhost", f"/articles/{row.id}"))
    page.evaluate(PASTE, ["#article textarea[name=body]", base64.b64encode(png()).decode()])
    expect(page.locator("#preview img")).to_have_attribute("alt", "rack")
    expect(page.locator("#pictures img")).to_have_count(1)
    page.get_by_label("Words of an article to add").fill(word)
    page.keyboard.press("Enter")
    for title in (first.title, second.title):
        page.get_by_role("button", name=f"Add {title}").press("Enter")
        expect(page.locator("#related ol .link", has_text=title)).to_be_visible()
    page.get_by_role("button", name=f"Up {second.title}").press("Enter")
    expect(page.locator("#related ol .link").first).to_have_text(second.title)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#related ol .link").first).to_have_text(second.title)
    assert "picture:" in page.locator("#article textarea[name=body]").input_value()
