"""What happens next beside the portal’s form follows the answers, once per pause; without script a button shows it."""

from typing import Any

from playwright.sync_api import expect

from msp.itsm.catalog.services import items
from tests.itsm.catalog import on_its_way as way
from tests.support import world


def test_who_approves_follows_the_answers(running: Any, person_at: Any) -> None:
    company = world.company(running.app, "Follow")
    with world.as_staff(running.app) as by:
        item = items.add_item(company.id, {"name": "Laptop", **way.LAPTOP}, by=by)
    person, admin = company.people["requester"], company.people["admin"].name
    page = person_at(company.host, company.id, person.person_id)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.post_data or "") if request.url.endswith("/next") else None)
    page.goto(running.url(company.host, f"/catalogue/items/{item.id}"))
    steps = page.locator("#next")
    expect(steps).to_contain_text(f"{company.people['manager'].name} approves")
    expect(steps).not_to_contain_text(admin)
    expect(page.get_by_role("button", name="Update the form")).to_be_hidden()

    with page.expect_response("**/next"):
        page.get_by_role("radio", name="16 inch").check()
    expect(steps).to_contain_text(f"{admin} approves")
    assert len(asked) == 1
    page.evaluate("document.querySelector('#next ol').isSame = true")
    with page.expect_response("**/next"):
        page.get_by_label("What for").press_sequentially("She starts on Monday", delay=20)
    assert len(asked) == 2, "one request for a pause, not one for a letter"
    assert "She+starts+on+Monday" in asked[1]
    expect(page.get_by_label("What for")).to_be_focused()
    assert page.evaluate("document.querySelector('#next ol').isSame") is True, "what is the same is not drawn again"
    page.get_by_label("Anything else?").fill("Soon")
    page.wait_for_timeout(900)
    assert len(asked) == 2, "a note decides nothing"

    page.context.set_offline(True)
    page.get_by_role("radio", name="14 inch").check()
    page.wait_for_timeout(900)
    expect(steps).to_contain_text(f"{admin} approves")
    page.context.set_offline(False)
    with page.expect_response("**/next"):
        page.get_by_label("What for").fill("She starts")
    expect(steps).not_to_contain_text(admin)


def test_without_script_a_button_shows_who_approves(running: Any, person_at: Any) -> None:
    company = world.company(running.app, "Plain")
    with world.as_staff(running.app) as by:
        form = {"parts": [{"name": "days", "kind": "number", "label": "For how many days"}]}
        stage = {**way.ADMIN, "condition": {"field": "days", "operator": ">", "value": 5}}
        item = items.add_item(company.id, {"name": "Van", "form": form, "chain": {"stages": [way.MANAGER, stage]}}, by=by)
    page = person_at(company.host, company.id, company.people["requester"].person_id, java_script_enabled=False)
    page.goto(running.url(company.host, f"/catalogue/items/{item.id}"))
    admin = company.people["admin"].name
    expect(page.locator("#next")).to_contain_text(f"{admin} approves")  # as long as nothing is said of the days
    page.get_by_label("For how many days").fill("3")
    page.get_by_role("button", name="Update the form").click()
    expect(page.locator("#next")).not_to_contain_text(admin)
    expect(page.get_by_label("For how many days")).to_have_value("3")
