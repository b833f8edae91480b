"""Bench of a chain of ``image_loader``: every word lands in its memory, image after image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import cocotb
from cocotb.triggers import FallingEdge, ReadOnly

from sim.bench import case
from sim.coverage import hit
from sim.stream import StreamSource, interrupt, reset


def _note(memories: Sequence[tuple[int, int]], config: Mapping[str, Any]) -> None:
    """Coverage points of the chain, whose ports are not those of one loader."""
    hit("image_loader", "reset in mid-image", "last of the chain")
    for width, _ in memories:
        size = "below" if width < 32 else "of" if width == 32 else "beyond"
        hit("image_loader", f"word {size} 32 bits")
    if config["images"] > 1:
        hit("image_loader", "image again")
    if config["stall"]:
        hit("image_loader", "input pauses")


@cocotb.test()
async def images(dut: Any) -> None:
    """``config``: (WIDTH, DEPTH) of each memory, images, stall. The top has one bit of
    ``write_en_o`` a loader, and the addresses (8 bits each) and data words one after the other."""
    run = case()
    memories = run.config["memories"]
    images = [
        [[run.rng.getrandbits(width) for _ in range(depth)] for width, depth in memories]
        for _ in range(run.config["images"])
    ]
    streamed = [
        [
            word >> (32 * part) & 0xFFFFFFFF
            for (width, _), words in zip(memories, image, strict=True)
            for word in words
            for part in range(-(-width // 32))
        ]
        for image in images
    ]
    source = StreamSource(dut, dut.clk_i, rng=run.rng, stall=run.config["stall"])
    await reset(dut)
    await interrupt(dut, [(source, streamed[0])], [], len(streamed[0]) // 2)
    _note(memories, run.config)

    held: list[dict[int, int]] = [{} for _ in memories]
    offset, place = [], 0
    for width, _ in memories:
        offset.append(place)
        place += width

    async def watch() -> None:
        """loaded_o only where whole images have been taken, and the last one is in the memories."""
        taken = 0
        while True:
            await FallingEdge(dut.clk_i)
            await ReadOnly()
            if int(dut.loaded_o.value):
                image, beyond = divmod(taken, len(streamed[0]))
                assert not beyond, f"loaded_o is high {beyond} words into image {image}"
                whole = [dict(enumerate(words)) for words in images[image - 1]]
                assert held == whole, f"loaded_o is high, and the memories hold {held}, not {whole}"
            for index, (width, _) in enumerate(memories):
                if int(dut.write_en_o.value) >> index & 1:
                    address = int(dut.write_addr_o.value) >> (8 * index) & 0xFF
                    data = int(dut.write_data_o.value) >> offset[index] & ((1 << width) - 1)
                    held[index][address] = data
            taken += int(dut.in_valid_i.value) and int(dut.in_ready_o.value)

    cocotb.start_soon(watch())
    for number, words in enumerate(streamed):
        await source.send(words)
        for _ in range(2 * len(memories)):
            await FallingEdge(dut.clk_i)
        await ReadOnly()
        assert int(dut.loaded_o.value), f"image {number} has passed, and loaded_o is low"
    if not run.config["stall"]:
        words = sum(map(len, streamed))
        assert source.cycles == words, f"{words} words took {source.cycles} cycles"
