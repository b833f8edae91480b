"""The text of a load port: a chain of loaders, one for each memory of the design."""

from __future__ import annotations

from ssnn_fpga.plan.options import Memory, memory_of
from ssnn_fpga.plan.plan import Plan, Stage
from ssnn_fpga.rtl.images import LOAD_BITS
from ssnn_fpga.rtl.instance import heading, instance, reduced, vector
from ssnn_fpga.rtl.ports import Port

LOADER = "image_loader"
LOADED = "loaded"
"""Wire that is high while every memory holds the whole of one image."""


def load_ports(plan: Plan) -> list[Port]:
    """What a loadable design has beside its streams: the stream of an image, and whether it is whole."""
    if not plan.options.loadable:
        return []
    return [
        Port("input", "load_valid_i"),
        Port("output", "load_ready_o"),
        Port("input", "load_data_i", LOAD_BITS),
        Port("output", "loaded_o"),
    ]


def write_port(stage: Stage, loadable: bool) -> list[tuple[str, str]]:
    """Connections of the write port of a stage's memory; tied off where nothing is loaded."""
    if memory_of(stage) is None:
        return []
    if not loadable:
        return [("write_en_i", "1'b0"), ("write_addr_i", "'0"), ("write_data_i", "'0")]
    return [(f"write_{part}_i", f"{stage.name}_write_{part}") for part in ("en", "addr", "data")]


def loaders(plan: Plan) -> list[str]:
    """Lines of the chain, empty for a design that is not loadable."""
    if not plan.options.loadable:
        return []
    memories = [(stage, memory) for stage in plan.stages if (memory := memory_of(stage)) is not None]
    lines = [
        heading(f"memories, loaded in this order: {sum(map(_words, memories))} words of {LOAD_BITS} bits"),
        f"  logic {LOADED};",
        "",
    ]
    before = ("load_valid_i", "load_ready_o", "load_data_i")
    for place, (stage, memory) in enumerate(memories):
        following = sum(map(_words, memories[place + 1 :]))
        lines += _loader(stage, memory, before, following)
        before = _leaving(stage)
    whole = reduced(LOADED, "&", [f"{stage.name}_loaded" for stage, _ in memories])
    return [*lines, *whole, f"  assign loaded_o = {LOADED};", ""]


def _words(of: tuple[Stage, Memory]) -> int:
    """Words of the load stream that a memory takes."""
    _, memory = of
    return memory.depth * -(-memory.width // LOAD_BITS)


def _leaving(stage: Stage) -> tuple[str, str, str]:
    return (f"{stage.name}_load_valid", f"{stage.name}_load_ready", f"{stage.name}_load_data")


def _loader(stage: Stage, memory: Memory, before: tuple[str, str, str], following: int) -> list[str]:
    name = stage.name
    write = [(f"write_{part}_o", f"{name}_write_{part}") for part in ("en", "addr", "data")]
    flags, widths = [f"{name}_write_en", f"{name}_loaded"], {}
    widths[f"{name}_write_addr"] = max(1, (memory.depth - 1).bit_length())
    widths[f"{name}_write_data"] = memory.width
    valid, ready, data = behind = (
        _leaving(stage) if following else ("load_unused", "1'b1", "load_unused_data")
    )
    flags += [valid, ready] if following else [valid]
    widths[data] = LOAD_BITS
    declared = [f"  logic {', '.join(flags)};"]
    declared += [f"  logic {vector(width)} {wire};" for wire, width in widths.items()]
    ports = [("clk_i", "clk_i"), ("rst_i", "rst_i")]
    ports += list(zip(("in_valid_i", "in_ready_o", "in_data_i"), before, strict=True))
    ports += list(zip(("out_valid_o", "out_ready_i", "out_data_o"), behind, strict=True))
    ports += [*write, ("loaded_o", f"{name}_loaded")]
    parameters = [("WIDTH", memory.width), ("DEPTH", memory.depth), ("FOLLOWING", following)]
    return [*declared, "", *instance(LOADER, f"{name}_load", parameters, ports)]
