"""The small thread of a queue's row."""

import pytest
from markupsafe import Markup

from msp.itsm.sla.thread.mini import mini_svg


@pytest.mark.parametrize(
    ("share", "used", "over"),
    [
        (0, "M1 6H1.0", None),
        (0.5, "M1 6H26.5", None),
        (1, "M1 6H52.0", None),
        (1.12, "M1 6H52.0", "M54 6h6.4"),
        (9, "M1 6H52.0", "M54 6h9.0"),
    ],
)
def test_mini(share: float, used: str, over: str | None) -> None:
    svg = mini_svg("track", share, nights=(0.5, 1.4))
    assert f'd="{used}"' in svg
    assert ("m-over" in svg) is (over is not None)
    if over:
        assert f'd="{over}"' in svg
    assert svg.count("m-night") == 1
    assert ("m-warn" in svg) is (share < 0.75)


def test_mini_without_a_target_is_empty_and_silent() -> None:
    svg = mini_svg("none", None)
    assert isinstance(svg, Markup)
    assert "path" not in svg
    assert 'aria-hidden="true"' in svg
