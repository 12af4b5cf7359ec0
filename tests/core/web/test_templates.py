"""What no template may hold under the content security policy, and what the macros promise."""

import re

import pytest
from jinja2 import Environment
from markupsafe import Markup

from tests.core.web import samples
from tests.core.web.test_assets import ROOT, templates

FORBIDDEN = {
    "style attribute": re.compile(r"<[a-z][^>]*\sstyle\s*=", re.IGNORECASE),
    "event attribute": re.compile(r"<[a-z][^>]*\son[a-z]+\s*=", re.IGNORECASE),
    "style element": re.compile(r"<style\b", re.IGNORECASE),
    "inline script": re.compile(r"<script(?![^>]*\bsrc=)", re.IGNORECASE),
    "javascript address": re.compile(r"javascript:", re.IGNORECASE),
    "htmx that evaluates": re.compile(r"hx-on|hx-[a-z]+(?::[a-z]+)*\s*=\s*[\"']js:|hx-trigger\s*=\s*[\"'][^\"']*\["),
    "foreign address": re.compile(r"(?:src|href)\s*=\s*[\"'](?:https?:)?//"),
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_template_holds(what: str) -> None:
    pages = [page for page in templates() if "mail" not in page.parts]
    assert len(pages) > 15
    assert [str(page.relative_to(ROOT)) for page in pages if FORBIDDEN[what].search(page.read_text(encoding="utf-8"))] == []


def test_the_patterns_find_what_they_forbid() -> None:
    guilty = {
        "style attribute": '<p class="a" style="x">', "event attribute": "<a onclick='x'>", "style element": "<style>",
        "inline script": "<script>1</script>", "javascript address": 'href="javascript:1"',
        "htmx that evaluates": """<p hx-vals='js:{a: 1}'>""", "foreign address": '<img src="//cdn.example/x">',
    }  # fmt: skip
    assert [what for what, text in guilty.items() if not FORBIDDEN[what].search(text)] == []
    assert not FORBIDDEN["style attribute"].search('<link rel="stylesheet" href="x">')


@pytest.fixture(scope="module")
def env() -> Environment:
    return samples.environment()


def from_macro(env: Environment, source: str, **given: object) -> str:
    imports = "".join(
        f'{{% import "ui/{name}.html" as {name} %}}' for name in ("basic", "form", "people", "ticket", "table", "layout", "sla")
    )
    return env.from_string(imports + source).render(**given).strip()


EVIL = '"><img src=x onerror=alert(1)>'


@pytest.mark.parametrize(
    "call",
    [
        "form.field('a', x, x, hint=x, error=x, attrs={'title': x})",
        "form.textarea('a', x, x)",
        "form.select('a', x, [(x, x)], x)",
        "form.choices('a', x, [(x, x, x)])",
        "form.checkbox('a', x, value=x)",
        "form.error_summary([(x, x)])",
        "basic.chip(x, icon='tag')",
        "basic.button(x, attrs={'title': x})",
        "basic.toast(x)",
        "basic.empty(x, x)",
        "basic.confirm('d', x, x, x, x, fields={x: x})",
        "people.person(x, 1)",
        "people.client(x, 1)",
        "ticket.entry('public', x, 1, x, at, x, tag=x)",
        "ticket.files([{'name': x, 'size': 1, 'href': x}])",
        "ticket.stepper([{'label': x, 'small': x, 'state': 'now'}])",
        "table.query(x, x, x)",
        "table.error_in(x, {'message': x, 'at': 3, 'length': 2})",
        "layout.dl([(x, x)])",
        "layout.request_row(x, x, x, status_words('open'))",
        "sla.receipt([{'kind': 'win', 'day': x, 'span': x, 'text': x, 'sum': x}], [])",
    ],
)
def test_macros_escape_what_they_are_given(env: Environment, call: str) -> None:
    html = from_macro(env, "{{ " + call + " }}", x=EVIL, at=samples.NOW)
    assert "<img" not in html
    assert "&gt;&lt;img" in html or "&#34;&gt;" in html


def test_a_field_tells_its_hint_and_error(env: Environment) -> None:
    html = from_macro(env, "{{ form.field('due', 'Due', '25:00', hint='24 hours', error='Hours go to 23', required=True) }}")
    assert '<label class="label" for="f-due">' in html
    assert 'aria-describedby="f-due-hint f-due-error" aria-invalid="true"' in html
    assert 'id="f-due-hint"' in html
    assert 'id="f-due-error"' in html
    assert " required" in html
    plain = from_macro(env, "{{ form.field('due', 'Due') }}")
    assert "aria-" not in plain
    assert "required" not in plain


def test_a_textarea_keeps_a_first_empty_line(env: Environment) -> None:
    # Browsers drop one line break after the tag; the macro writes that one itself.
    assert ">\n\nsecond line</textarea>" in from_macro(env, "{{ form.textarea('t', 'T', v) }}", v="\nsecond line")


def test_a_select_marks_what_is_chosen_inside_groups(env: Environment) -> None:
    html = from_macro(env, "{{ form.select('s', 'S', [{'label': 'G', 'options': [(1, 'one'), (2, 'two')]}], 2, blank='none') }}")
    assert '<option value="2" selected>two</option>' in html
    assert html.count("selected") == 1
    assert '<option value="">none</option>' in html


def test_reply_and_note_are_two_forms(env: Environment) -> None:
    reply = {"action": "/reply", "recipients": ["A"], "by": "by mail", "value": "to all"}
    aside = {"action": "/note", "value": "for us", "team": "Us"}
    html = from_macro(env, "{{ ticket.composer('note', reply, aside) }}", reply=reply, aside=aside)
    public, note = html.split('id="compose-note"')
    assert 'action="/reply"' in public
    assert "to all" in public
    assert "for us" not in public
    assert 'action="/note"' in note
    assert "never mailed" in note
    assert 'role="tabpanel" aria-labelledby="tab-public" hidden' in public
    assert html.count('name="csrf_token"') == 2


def test_a_body_is_text_unless_it_is_marked_safe(env: Environment) -> None:
    call = "{{ ticket.entry('public', 'A', 1, body, at, 'now') }}"
    assert "&lt;b&gt;" in from_macro(env, call, body="<b>x</b>", at=samples.NOW)
    assert "<b>x</b>" in from_macro(env, call, body=Markup("<b>x</b>"), at=samples.NOW)


def test_paging_is_two_links(env: Environment) -> None:
    html = from_macro(env, "{{ table.pager('', '?after=x', '1 to 50') }}")
    assert 'rel="next"' in html
    assert 'rel="prev"' not in html
    assert from_macro(env, "{{ table.pager() }}") == ""


def test_a_chip_carries_what_it_needs_to_tick(env: Environment) -> None:
    call = "{{ sla.chip(sla_words('at_risk', due, none, none, none, now, tz), state='at_risk', due=due, over=0) }}"
    html = from_macro(env, call, due=samples.NORTHWIND.due_at, now=samples.NOW, tz=samples.LONDON)
    assert 'data-state="at_risk" data-due="2027-03-31T10:50:00Z" data-over="0"' in html
    assert html.endswith("<span>Due 1h 06m</span></sla-chip>")


@pytest.mark.parametrize(("theme", "expected"), [("dark", 'data-theme="dark"'), ("system", None)])
def test_the_frame_follows_the_settings(theme: str, expected: str | None) -> None:
    shell = samples.console_shell(theme=theme, density="comfortable", has_keys=False, notice="Demonstration")
    html = samples.render("gallery", shell=shell)
    assert (expected in html) if expected else ("data-theme=" not in html)
    assert 'data-density="comfortable"' in html
    assert 'data-keys="off"' in html
    assert "Demonstration" in html
