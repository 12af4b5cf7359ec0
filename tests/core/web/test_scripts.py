"""What the scripts do: keys, composer, theme, chips that tick, live regions, the week editor."""

import re
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.core.web import samples
from tests.core.web.site import Site
from tests.core.web.test_pages import shown

pytestmark = pytest.mark.browser


@pytest.fixture
def open_page(chromium: Browser, pages: Site) -> Iterator[Callable[..., Page]]:
    opened: list[Page] = []

    def make(name: str, width: int = 1280) -> Page:
        page, _ = shown(chromium, pages, name, width)
        opened.append(page)
        return page

    yield make
    for page in opened:
        page.context.close()
    pages.hang_up()  # so that the next test counts and tells the streams of its own page alone


def eventually(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.05)


# --- Keys and rows ----------------------------------------------------------------------------------------------------


def test_rows_move_select_and_open_by_keys(open_page: Callable[..., Page]) -> None:
    page = open_page("queue")
    cursor = page.locator("tr.is-cursor")
    page.locator("[data-pick-none]").click()
    expect(page.locator("[data-bulk]")).to_be_hidden()
    page.keyboard.press("j")
    expect(cursor).to_have_id("row-LARK-655")
    page.keyboard.press("k")
    expect(cursor).to_have_id("row-NWD-1042")
    expect(cursor).to_be_focused()
    page.keyboard.press("x")
    expect(cursor).to_have_attribute("aria-selected", "true")
    expect(page.locator("[data-count]")).to_have_text("1 selected")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("#NWD-1042$"))


def test_a_range_all_and_all_that_match(open_page: Callable[..., Page]) -> None:
    page = open_page("queue")
    page.locator("[data-pick-none]").click()
    boxes = page.locator("[data-pick-row]")
    boxes.nth(1).click()
    boxes.nth(4).click(modifiers=["Shift"])
    expect(page.locator("[data-count]")).to_have_text("4 selected")
    page.locator("[data-pick-matching]").click()
    expect(page.locator("[data-count]")).to_have_text("All 148 selected")
    assert page.locator("#bulk input[name=matching]").count() == 1
    page.evaluate("document.dispatchEvent(new CustomEvent('live:swapped'))")
    expect(page.locator("[data-count]")).to_have_text("All 148 selected")
    assert page.locator("#bulk input[name=matching]").count() == 1, "news of a row does not narrow the choice"
    boxes.nth(1).click()
    assert page.locator("#bulk input[name=matching]").count() == 0
    page.locator("[data-pick-all]").click()
    expect(page.locator("[data-count]")).to_have_text("17 selected")


def test_keys_find_the_search_and_leave_it(open_page: Callable[..., Page]) -> None:
    page = open_page("queue")
    search = page.locator("[data-query] input[type=search]")
    page.keyboard.press("/")
    expect(search).to_be_focused()
    page.keyboard.type("jx")  # letters are text here
    expect(search).to_have_value("jx")
    page.keyboard.press("Escape")
    expect(search).not_to_be_focused()
    page.keyboard.press("?")
    expect(page.locator("#keysheet")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#keysheet")).to_be_hidden()
    page.keyboard.press("g")
    page.keyboard.press("i")
    expect(page).to_have_url(re.compile("#v4$"))


def test_single_keys_can_be_switched_off(open_page: Callable[..., Page], pages: Site) -> None:
    pages.pages["silent"] = samples.render("queue", shell=samples.console_shell(has_keys=False)).encode()
    page = open_page("silent")
    page.keyboard.press("/")
    expect(page.locator("[data-query] input[type=search]")).not_to_be_focused()
    expect(page.locator(".query .kbd")).to_be_hidden()


def test_a_query_rests_as_tokens(open_page: Callable[..., Page]) -> None:
    page = open_page("queue")
    tokens = page.locator(".query-view .token")
    assert tokens.locator(".f").all_inner_texts() == ["kind", "-status", "sort"]
    assert tokens.locator(".v").all_inner_texts() == ["incident, request", "closed, snoozed", "due"]
    page.locator("[data-query] input[type=search]").focus()
    expect(page.locator(".query-view")).to_be_hidden()


# --- Writing ----------------------------------------------------------------------------------------------------------


def test_the_modes_of_the_composer_stay_apart(open_page: Callable[..., Page], pages: Site) -> None:
    page = open_page("ticket")
    composer = page.locator("[data-composer]")
    page.keyboard.press("n")
    expect(composer).to_have_attribute("data-mode", "note")
    expect(page.locator("#compose-note textarea")).to_be_focused()
    expect(page.locator("#compose-public")).to_be_hidden()
    pages.posted.clear()
    page.keyboard.type("only for us")
    eventually(lambda: any(path == "/draft" for path, _, _ in pages.posted))
    _, body, token = next(each for each in pages.posted if each[0] == "/draft")
    assert body == "body=only+for+us&mode=note"
    assert token == "token-of-the-form"
    expect(page.locator("[data-draft-state]")).to_have_text("Draft saved 10:44")
    assert page.locator("#compose-public textarea").input_value().startswith("Lunch works")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/note")
    assert any(path == "/note" for path, _, _ in pages.posted)
    assert all(path != "/reply" for path, _, _ in pages.posted)


def test_marks_wrap_the_selection(open_page: Callable[..., Page]) -> None:
    page = open_page("ticket")
    text = page.locator("#compose-public textarea")
    text.fill("undo it")
    text.evaluate("text => text.setSelectionRange(0, 4)")
    page.locator("#compose-public [data-wrap='**']").click()
    expect(text).to_have_value("**undo** it")


def test_the_theme_changes_at_once_and_stays(open_page: Callable[..., Page]) -> None:
    page = open_page("queue")
    before = page.evaluate("getComputedStyle(document.body).color")
    page.locator(".nav-me button").click()
    page.locator("[data-theme-choice=dark]").click()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert page.evaluate("getComputedStyle(document.body).color") != before
    assert {"name": "theme", "value": "dark"}.items() <= page.context.cookies()[0].items()


def test_dialogs_open_and_close(open_page: Callable[..., Page]) -> None:
    page = open_page("settings")
    page.locator("[data-dialog=save]").click()
    dialog = page.locator("#save")
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()


def test_files_are_sent_as_they_are_chosen(open_page: Callable[..., Page], pages: Site) -> None:
    pages.pages["upload"] = samples.render("portal_ticket").replace("data-files", 'data-files data-upload="/files"').encode()
    page = open_page("upload")
    file = {"name": "log.txt", "mimeType": "text/plain", "buffer": b"x" * 2000}
    page.locator("input[type=file]").set_input_files([file])  # type: ignore[list-item]  # the documented form
    expect(page.locator("[data-filelist] li input[name=attachment]")).to_have_value("file-1")
    assert "2 KB" in page.locator("[data-filelist] li").inner_text()
    page.locator("[data-filelist] button").click()
    assert page.locator("[data-filelist] li").count() == 0


def test_a_line_that_saves_itself_is_saved_by_enter(open_page: Callable[..., Page], pages: Site) -> None:
    form = '<form method="post" action="/tags"><textarea name="tags" data-submit>vip</textarea></form></main>'
    pages.pages["tags"] = samples.render("portal_ticket").replace("</main>", form).encode()
    page = open_page("tags")
    page.locator("textarea[name=tags]").press_sequentially("network ")
    with page.expect_navigation(), page.expect_request("**/tags") as info:  # Chromium may never close a page that is leaving
        page.keyboard.press("Enter")
    assert info.value.post_data == "tags=network+vip"


def test_a_form_waits_for_its_files(open_page: Callable[..., Page], pages: Site) -> None:
    pages.pages["upload"] = samples.render("portal_ticket").replace("data-files", 'data-files data-upload="/files"').encode()
    page, held, sent = open_page("upload"), [], []
    page.route("**/files", lambda route: held.append(route))
    page.on("request", lambda request: sent.append(request) if request.url.endswith("/reply") else None)
    file = {"name": "log.txt", "mimeType": "text/plain", "buffer": b"x" * 2000}
    page.locator("input[type=file]").set_input_files([file, file])  # type: ignore[list-item]  # the documented form
    page.locator("form[action='/reply'] textarea").fill("The log is attached.")
    page.get_by_role("button", name="Send").first.click()
    expect(page.locator("#toasts")).to_contain_text("as soon as the files have arrived")
    page.wait_for_timeout(300)
    held[0].fulfill(status=201, json={"id": "file-1"})
    expect(page.locator("[data-filelist] input[name=attachment]")).to_have_count(1)
    assert sent == []
    with page.expect_navigation(), page.expect_request("**/reply") as info:
        held[1].fulfill(status=201, json={"id": "file-2"})
    assert [name in (info.value.post_data or "") for name in ("file-1", "file-2", "The log is attached.")] == [True] * 3


def test_a_form_stays_where_a_file_is_refused(open_page: Callable[..., Page], pages: Site) -> None:
    pages.pages["upload"] = samples.render("portal_ticket").replace("data-files", 'data-files data-upload="/files"').encode()
    page, held = open_page("upload"), []
    page.route("**/files", lambda route: held.append(route))
    file = {"name": "log.txt", "mimeType": "text/plain", "buffer": b"x" * 2000}
    page.locator("input[type=file]").set_input_files([file])  # type: ignore[list-item]  # the documented form
    page.locator("form[action='/reply'] textarea").fill("The log is attached.")
    page.get_by_role("button", name="Send").first.click()
    page.wait_for_timeout(300)
    held[0].fulfill(status=422, json={"detail": "This type of file is not taken"})
    expect(page.locator("[data-filelist]")).to_contain_text("This type of file is not taken")
    page.wait_for_timeout(300)
    assert page.url.endswith("/pages/upload")
    expect(page.locator("form[action='/reply'] textarea")).to_have_value("The log is attached.")


# --- Clocks -----------------------------------------------------------------------------------------------------------


def test_chips_tick_from_the_servers_clock(chromium: Browser, pages: Site) -> None:
    page = chromium.new_page()
    page.clock.install(time=samples.NOW + timedelta(hours=3))  # this computer's clock is wrong by three hours
    page.goto(f"{pages.address}/pages/queue")
    chip = page.locator("#row-NWD-1042 sla-chip")
    expect(chip).to_have_text("Due 1h 06m")
    page.clock.run_for(61_000)
    expect(chip).to_have_text("Due 1h 05m")
    expect(page.locator("#row-LARK-651 sla-chip")).to_have_text("Paused 3h 11m")
    expect(page.locator("#row-ACME-3391 sla-chip")).to_have_text("Overdue 39m")
    expect(page.locator("#row-OSTA-262 sla-chip")).to_have_text("Missed by 22m")
    harbor = page.locator("#row-HARB-2087 sla-chip")
    page.clock.run_for(18 * 60_000)
    expect(harbor).to_have_attribute("data-sla", "over")
    expect(harbor).to_have_text("Overdue 1m")
    page.close()


# --- Live -------------------------------------------------------------------------------------------------------------


def rows_of(html: str) -> str:
    found = re.search(r'<tbody id="rows".*?</tbody>', html, re.DOTALL)
    assert found
    return found[0]


def test_new_rows_wait_and_changed_rows_change(open_page: Callable[..., Page], pages: Site) -> None:
    page = open_page("queue")
    fresh = samples.rows()
    newcomer = samples.rows()[0]
    newcomer.ref, newcomer.subject = "NEWC-1", "Something new"
    fresh[1].subject = "Claims mailbox works again"
    fresh[5].subject = "A change under the cursor"
    del fresh[-1]
    pages.fragments["rows"] = rows_of(samples.render("queue", rows=[newcomer, *fresh]))
    expect(page.locator("[data-live-status]")).to_have_attribute("data-live-status", "on")
    page.locator("#row-NWD-1042").focus()
    pages.tell(topic="tickets")
    expect(page.locator("[data-live-new]")).to_have_text("1 new")
    expect(page.locator("#row-KEST-811")).to_contain_text("works again")
    expect(page.locator("#row-BRCH-537")).to_have_class(re.compile("is-gone"))
    expect(page.locator("#row-NWD-1042")).to_contain_text("Chair-side")  # the row that has the focus stays
    assert page.locator("#row-NEWC-1").count() == 0
    expect(page.locator("#row-TERN-402")).to_have_attribute("aria-selected", "true")
    page.locator("[data-live-new]").click()
    expect(page.locator("#row-NEWC-1")).to_be_visible()
    expect(page.locator("[data-live-new]")).to_be_hidden()


def test_an_editor_in_use_is_left_alone(open_page: Callable[..., Page], pages: Site) -> None:
    page = open_page("ticket")
    expect(page.locator(".composer")).to_be_visible()
    region = page.locator("#conversation")
    pages.fragments["conversation"] = '<section id="conversation"><p>changed</p></section>'
    region.evaluate("region => region.insertAdjacentHTML('beforeend', '<textarea id=\"mine\"></textarea>')")
    page.locator("#mine").fill("half a sentence")
    eventually(lambda: len(pages.streams) > 0)
    pages.tell(topic="ticket", id="1042")
    expect(region).to_have_attribute("data-stale", "")
    expect(page.locator("#mine")).to_have_value("half a sentence")
    page.locator("#compose-public textarea").focus()
    expect(region).to_have_text("changed")


def test_a_stream_that_ends_begins_anew_where_it_was(open_page: Callable[..., Page], pages: Site) -> None:
    page = open_page("queue")
    pages.fragments["rows"] = rows_of(samples.render("queue"))
    status = page.locator("[data-live-status]")
    expect(status).to_have_attribute("data-live-status", "on")
    pages.tell(topic="elsewhere")
    pages.asked.clear()
    pages.hang_up()
    eventually(lambda: len(pages.asked) > 0)
    assert pages.asked[0]["ticket"] == "t"
    assert int(pages.asked[0]["after"]) > 0
    expect(status).to_have_attribute("data-live-status", "on")


def test_tabs_share_one_stream(chromium: Browser, pages: Site) -> None:
    context = chromium.new_context()
    first, second = context.new_page(), context.new_page()
    pages.hang_up()
    pages.asked.clear()
    for page in (first, second):
        page.goto(f"{pages.address}/pages/queue")
        expect(page.locator("[data-live-status]")).to_have_attribute("data-live-status", "on")
    assert len(pages.asked) == 1
    heard = "new Promise(done => document.addEventListener('live:change', ({detail}) => done(detail), {once: true}))"
    second.evaluate(f"() => {{ window.heard = {heard}; }}")
    pages.tell(topic="elsewhere", id="7")
    assert second.evaluate("window.heard") == {"kind": "change", "topics": ["elsewhere", "elsewhere:7"]}
    context.close()


# --- The week ---------------------------------------------------------------------------------------------------------


def test_beads_and_fields_of_a_week_are_one(open_page: Callable[..., Page]) -> None:
    page = open_page("settings")
    monday = page.locator("fieldset[data-day=mon]")
    fields = monday.locator("input")
    bead = page.locator("rect.k-win[data-bead='0.0']")
    bead.scroll_into_view_if_needed()
    box = bead.bounding_box()
    assert box
    an_hour = page.locator(".strip-svg").bounding_box()["width"] / 24  # type: ignore[index]  # it is drawn
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 8)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2 - an_hour, box["y"] + 8, steps=4)
    page.mouse.up()
    expect(fields.nth(0)).to_have_value("06:00")
    expect(fields.nth(1)).to_have_value("11:30")
    fields.nth(1).fill("12:30")
    expect(page.locator("[data-week-picture] .t span").first).to_have_text("12 h 30")
    monday.locator("[data-remove]").first.click()
    expect(page.locator("[data-week-picture] .t span").first).to_have_text("6 h 00")
    monday.locator("[data-add]").click()
    added = monday.locator(".window").last.locator("input")
    added.nth(0).fill("22:00")
    added.nth(1).fill("02:00")
    expect(page.locator("[data-week-picture] .t span").first).to_have_text("10 h 00")
