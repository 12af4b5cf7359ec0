"""Fill `static/vendor/` with npm files, the icon sprite and the joined style sheet: `python -m msp.core.web.vendor`.

`npm ci` comes first; run this again after editing a style sheet. What lies in `static/vendor/` is never committed.
"""

import argparse
import re
import shutil
import sys
from pathlib import Path

from msp.core.web.assets import STATIC
from msp.core.web.icons import OWN, TABLER

ROOT = Path(__file__).resolve().parents[3]
VENDOR = STATIC / "vendor"

FILES = {
    "htmx.org/dist/htmx.esm.min.js": "htmx.js",
    "tinykeys/dist/tinykeys.mjs": "tinykeys.js",
    "@github/combobox-nav/dist/index.js": "combobox-nav.js",
    "@github/text-expander-element/dist/bundle.js": "text-expander.js",
}

_BACKGROUND = re.compile(r'<path stroke="none" d="M0 0h24v24H0z" fill="none"\s*/>')
_IMPORT = re.compile(r'@import url\("([^"]+)"\);')
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_SOURCE_MAP = re.compile(rb"^//# sourceMappingURL=.*$", re.MULTILINE)


class MissingPackages(Exception):
    """The npm packages are not installed; the message says what to do."""


def symbol(name: str, body: str) -> str:
    """One icon of the sprite. Stroke and fill come from the page, through `use`."""
    return f'<symbol id="{name}" viewBox="0 0 24 24">{body}</symbol>'


def _tabler_body(file: Path) -> str:
    inner = file.read_text(encoding="utf-8").partition(">")[2].rpartition("</svg>")[0]
    return re.sub(r"\s*\n\s*", "", _BACKGROUND.sub("", inner)).replace(" />", "/>")


def sprite(node_modules: Path) -> str:
    """All icons that pages may use as one SVG document of symbols."""
    outline = node_modules / "@tabler/icons/icons/outline"
    symbols = [symbol(name, _tabler_body(outline / f"{name}.svg")) for name in TABLER]
    symbols += [symbol(name, body) for name, body in OWN.items()]
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


def stylesheet(entry: Path = STATIC / "css/app.css") -> str:
    """The entry sheet with its imports in place, without comments and indentation: one request, a third smaller."""
    text = entry.read_text(encoding="utf-8")
    text = _IMPORT.sub(lambda found: stylesheet(entry.parent / found[1]), text)
    return "\n".join(line for line in (raw.strip() for raw in _COMMENT.sub("", text).splitlines()) if line) + "\n"


def build(node_modules: Path, target: Path = VENDOR) -> list[Path]:
    """Write every vendor file anew and name them; MissingPackages where npm has not run."""
    missing = [source for source in FILES if not (node_modules / source).is_file()]
    if missing:
        raise MissingPackages(f"{missing[0]} is not in {node_modules}: run npm ci first")
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for source, name in FILES.items():
        (target / name).write_bytes(_SOURCE_MAP.sub(b"", (node_modules / source).read_bytes()))
    (target / "icons.svg").write_text(sprite(node_modules), encoding="utf-8")
    (target / "app.css").write_text(stylesheet(), encoding="utf-8")
    return sorted(target.iterdir())


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m msp.core.web.vendor", description=__doc__.splitlines()[0])
    parser.add_argument("--node-modules", type=Path, default=ROOT / "node_modules", help="where npm put the packages")
    try:
        written = build(parser.parse_args(argv).node_modules)
    except MissingPackages as problem:
        print(problem, file=sys.stderr)
        return 1
    print(f"{len(written)} files in {VENDOR.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
