"""What every template may use: filters and globals. `equip` is called once for the application's environment."""

from pathlib import Path

from jinja2 import Environment

from msp.core.web import assets, brand, formats

TEMPLATES = Path(__file__).parent / "templates"


def equip(env: Environment, *, max_file_bytes: int = 0, max_files: int = 0) -> None:
    """Add filters, globals and, where no translation is set up, `_` as it stands.

    The limits are for the script that sends files, so that it need not send what would be refused; 0 for none.
    """
    env.trim_blocks = env.lstrip_blocks = True
    env.filters.update(formats.FILTERS)
    env.globals.update(
        asset_url=assets.asset_url,
        count_words=formats.count_words,
        hue_of=brand.hue_of,
        max_file_bytes=max_file_bytes,
        max_files=max_files,
        monogram=brand.monogram,
        percent_words=formats.percent_words,
        short_name=brand.short_name,
    )
    if "gettext" not in env.globals:
        env.add_extension("jinja2.ext.i18n")
        env.install_null_translations(newstyle=True)  # type: ignore[attr-defined]  # added by the extension
