"""The mini thread of a queue row: how much of the target is used, at a glance, beside a chip that says it in words."""

from collections.abc import Iterable

from markupsafe import Markup

_TARGET = 51.0  # pixels for 0..100 %
_FROM = 1.0
_LANE = 54.0  # where the overrun begins
_WARNING = 0.75

_EMPTY = Markup('<svg class="mini" viewBox="0 0 64 12" aria-hidden="true"></svg>')


def mini_svg(look: str, used_share: float | None, *, nights: Iterable[float] = (), is_paused: bool = False) -> Markup:
    """64 by 12 pixels. `used_share` is used by target (1.12: overrun; None: no target), `nights` are shares of it."""
    if used_share is None:
        return _EMPTY
    used = _FROM + _TARGET * min(max(used_share, 0), 1)
    paths = [("m-base", "M1 6H52"), ("m-used", f"M1 6H{used:.1f}")]
    if used_share > 1:
        paths.append(("m-over", f"M{_LANE:g} 6h{min(4 + 20 * (used_share - 1), 9):.1f}"))
    if is_paused and used < 50:
        paths.append(("m-hold", f"M{used + 1:.1f} 6h{min(9, 51 - used):.1f}"))
    paths += [("m-night", f"M{_FROM + _TARGET * night:.1f} 1v10") for night in nights if 0 < night < 1]
    if used_share < _WARNING:
        paths.append(("m-warn", f"M{_FROM + _TARGET * _WARNING:.1f} 3.5v5"))
    paths.append(("m-cap", "M52 1.5v9"))
    drawn = Markup("").join(Markup('<path class="{}" d="{}"/>').format(css, d) for css, d in paths)
    return Markup('<svg class="mini" data-sla="{}" viewBox="0 0 64 12" role="img" aria-label="{} % of target used">{}</svg>').format(
        look, int(used_share * 100 + 1e-9), drawn
    )
