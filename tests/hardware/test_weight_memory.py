"""The weight memory: with and without an image, in LUT RAM and in block RAM."""

from __future__ import annotations

import random

import pytest

from sim.bench import run_bench


@pytest.mark.parametrize("image", [True, False], ids=["image", "no-image"])
@pytest.mark.parametrize("depth", [1, 12, 100])
def test_weight_memory(depth: int, image: bool) -> None:
    rng = random.Random(depth)
    words = [rng.getrandbits(21) for _ in range(depth)] if image else []
    run_bench(
        "weight_memory",
        bench="bench_weight_memory",
        parameters={"WIDTH": 21, "DEPTH": depth} | ({"INIT": "weights.mem"} if image else {}),
        seed=4,
        config={"words": words},
        files={"weights.mem": "".join(f"{word:06x}\n" for word in words)} if image else {},
    )
