"""A country's public holidays, as a starting point for a calendar."""

from functools import cache

import holidays
from babel import Locale

from msp.core.errors import Invalid

_ENGLISH = ("en_US", "en_GB", "en")
_FIRST_YEAR, _LAST_YEAR = 2000, 2100


@cache
def countries() -> tuple[tuple[str, str], ...]:
    """Code and English name of each country that is known, by name."""
    names = Locale("en").territories
    known = holidays.list_supported_countries(include_aliases=False)
    return tuple(sorted(((code, names.get(code, code)) for code in known), key=lambda pair: pair[1]))


@cache
def regions(country: str) -> tuple[str, ...]:
    """Codes of a country's regions with holidays of their own."""
    return tuple(sorted(holidays.list_supported_countries(include_aliases=False).get(country, ())))


def country_name(country: str) -> str:
    return dict(countries()).get(country, country)


def public_holidays(country: str, region: str, year: int) -> list[dict[str, str]]:
    """The days of one year, `{"on", "name"}` each; Invalid for what is not known."""
    if country not in dict(countries()):
        raise Invalid.field("country", "Choose a country.", "unknown")
    if region and region not in regions(country):
        offered = ", ".join(regions(country)) or "none"
        raise Invalid.field("region", f"Regions of {country_name(country)}: {offered}.", "unknown")
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise Invalid.field("year", f"A year from {_FIRST_YEAR} to {_LAST_YEAR}.", "range")
    found = _calendar(country, region or None, year)
    return [{"on": on.isoformat(), "name": name} for on, name in sorted(found.items())]


def _calendar(country: str, region: str | None, year: int) -> "holidays.HolidayBase":
    known = holidays.country_holidays(country, subdiv=region, years=year)
    language = next((each for each in _ENGLISH if each in known.supported_languages), None)
    return holidays.country_holidays(country, subdiv=region, years=year, language=language) if language else known
