"""Mutants that survive because they change nothing, each with the reason."""

from __future__ import annotations

EQUIVALENT: dict[str, str] = {}
"""Name of a mutant without its line (``module operator: old -> new``): why no bench can see it."""


def reason(name: str) -> str | None:
    """Why the survivor ``name`` is equivalent, or None."""
    module, rest = name.split(":", 1)
    _, rest = rest.split(" ", 1)
    return EQUIVALENT.get(f"{module} {rest}")
