"""Reports in the layout that AMD's manuals show (UG906, UG835); no Vivado wrote them.

The tests of the readers and the played tools fill figures into the same texts.
"""

from __future__ import annotations

from pathlib import Path

SUMMARY, PATHS, UTILISATION = (
    (Path(__file__).parent / "vivado" / f"{name}.rpt").read_text()
    for name in ("timing_summary", "paths", "utilisation")
)


def filled(
    text: str,
    *,
    slack: float = 0.25,
    hold: float = 0.02,
    pulse: float = 2.5,
    period: float = 6.666,
    luts: int = 1000,
) -> str:
    """A report with these figures, times in ns."""
    word = "VIOLATED" if slack < 0 else "MET"
    numbers = {"slack": slack, "hold": hold, "pulse": pulse, "period": period}
    return text.format(word=word, luts=luts, **{name: f"{value:.3f}" for name, value in numbers.items()})
