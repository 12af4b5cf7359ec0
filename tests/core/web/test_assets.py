"""Static files: addresses that change with the content, a sprite that has every icon."""

import re
from pathlib import Path

import pytest

from msp.core.web import assets, icons, vendor

ROOT = Path(__file__).parents[3]


def test_the_joined_style_sheet_is_up_to_date_and_whole() -> None:
    joined = (assets.STATIC / "vendor/app.css").read_text(encoding="utf-8")
    assert joined == vendor.stylesheet(), "run python -m msp.core.web.vendor"
    assert "@import" not in joined
    sheets = [sheet for sheet in (assets.STATIC / "css").rglob("*.css") if sheet.name not in ("app.css", "api-docs.css")]
    entry = (assets.STATIC / "css/app.css").read_text(encoding="utf-8")
    assert all(str(sheet.relative_to(assets.STATIC / "css")) in entry for sheet in sheets)


def test_components_hold_no_literal_colour() -> None:
    literal = re.compile(r"#[0-9a-f]{3,8}\b|\brgba?\(|\bhsla?\(|: *(white|black|red)\b", re.IGNORECASE)
    sheets = [sheet for sheet in (assets.STATIC / "css").rglob("*.css") if sheet.name != "tokens.css"]
    text = {sheet.name: re.sub(r"/\*.*?\*/", "", sheet.read_text(encoding="utf-8"), flags=re.DOTALL) for sheet in sheets}
    assert [name for name, rules in text.items() if literal.search(rules)] == []


def test_the_sprite_has_every_icon_that_is_named() -> None:
    sprite = (assets.STATIC / "vendor/icons.svg").read_text(encoding="utf-8")
    assert set(re.findall(r'<symbol id="([^"]+)"', sprite)) == icons.NAMES
    assert list(icons.TABLER) == sorted(icons.TABLER)
    assert "<script" not in sprite
    assert "stroke=" not in re.sub(r'stroke="none"', "", sprite)


def named_icons() -> set[tuple[str, str]]:
    """Icons that templates name as literals: by the macros of the look, or as `icon` of an item."""
    ways = (
        r"""\bicon\(\s*["']([a-z0-9-]+)["']""",
        r"""\bicon=["']([a-z0-9-]+)["']""",
        r"""["']icon["']:\s*["']([a-z0-9-]+)["']""",
        r"""icon_button\([^,]+,\s*["']([a-z0-9-]+)["']""",
        r"""menu_(?:link|button)\([^,]+,\s*(?:[^,()]+,\s*)?["']([a-z0-9-]+)["']""",
    )
    call = re.compile("|".join(ways))
    found = set()
    for template in templates():
        for groups in call.findall(template.read_text(encoding="utf-8")):
            found.add((str(template.relative_to(ROOT)), next(filter(None, groups))))
    return found


def templates() -> list[Path]:
    folders = ("msp", "portal", "agent_console", "tenants", "billing", "tests/core/web/pages")
    return [path for folder in folders for path in (ROOT / folder).rglob("*.html")]


def test_templates_name_only_icons_that_exist() -> None:
    used = named_icons()
    assert len(used) > 30
    assert {(template, name) for template, name in used if name not in icons.NAMES} == set()


def test_an_address_changes_with_the_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assets, "STATIC", tmp_path)
    seen = []
    for content in ("a", "b", "a"):
        (tmp_path / "x.css").write_text(content)
        assets.static_version.cache_clear()
        assets.asset_url.cache_clear()
        seen.append(assets.asset_url("x.css"))
    with pytest.raises(FileNotFoundError, match=r"no static file y\.css"):
        assets.asset_url("y.css")
    assert seen[0] == seen[2] != seen[1]
    assert re.fullmatch(r"/static/[0-9a-f]{12}/x\.css", seen[0])
    assets.static_version.cache_clear()
    assets.asset_url.cache_clear()


def test_vendoring_says_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert vendor.main(["--node-modules", str(tmp_path)]) == 1
    assert "run npm ci first" in capsys.readouterr().err


def test_vendoring_copies_without_source_maps(tmp_path: Path) -> None:
    written = vendor.build(ROOT / "node_modules", tmp_path / "vendor")
    assert {path.name for path in written} == {
        "htmx.js",
        "tinykeys.js",
        "combobox-nav.js",
        "text-expander.js",
        "icons.svg",
        "app.css",
    }
    assert all(b"sourceMappingURL" not in path.read_bytes() for path in written)
