"""Writes a planned network as a folder: top level, library modules, memory images, plan, network."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from ssnn_fpga.errors import UserError
from ssnn_fpga.network.layers import Activation, Conv, CurrentJoin, Dense, Layer, Network, Neuron, Readout
from ssnn_fpga.network.shapes import edges
from ssnn_fpga.network.storage import save_network
from ssnn_fpga.plan.plan import PLAN_FILE, Plan, Stage
from ssnn_fpga.rtl import memory
from ssnn_fpga.rtl.library import library_sources
from ssnn_fpga.rtl.memory_port import memory_port
from ssnn_fpga.rtl.toplevel import TOP, toplevel

RTL_FOLDER = "rtl"
NETWORK_FILE = "network.npz"
FILE_LIST = "files.f"
WEIGHTS_FILE = "weights.bin"
"""Weights that lie in memory outside the chip, beside the plan; only where the plan has such layers."""


def write_design(network: Network, plan: Plan, out: Path, library: Path | None = None) -> None:
    """Writes the folder ``out``, all of it or nothing; a design that lay there is replaced.

    ``rtl/`` holds the top level ``accelerator.sv``, the library modules that it uses and one
    ``$readmemh`` image a memory, named without a path; ``rtl/files.f`` lists the sources in
    order of compilation. ``plan.json`` and ``network.npz`` tell what the hardware is.
    ``library`` is the folder of the modules, ``hw/rtl`` if not given. Raises UserError where
    ``out`` holds something else.
    """
    out = out.resolve()
    if out.exists() and not (out / PLAN_FILE).is_file() and (not out.is_dir() or any(out.iterdir())):
        raise UserError(f"{out} exists and holds no design: name a new or an empty folder.")
    out.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        os.chmod(aside, 0o755)
        rtl = aside / RTL_FOLDER
        rtl.mkdir()
        _write_sources(plan, rtl, library)
        _write_images(network, plan, rtl)
        if (outside := memory_image(network, plan)) is not None:
            (aside / WEIGHTS_FILE).write_bytes(outside)
        (aside / PLAN_FILE).write_text(plan.to_json())
        save_network(network, aside / NETWORK_FILE)
        _replace(aside, out)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _write_sources(plan: Plan, rtl: Path, library: Path | None) -> None:
    try:
        modules = {stage.module for stage in plan.stages}
        sources = library_sources(modules | ({"read_arbiter"} if memory_port(plan) else set()), library)
    except FileNotFoundError as error:
        raise UserError(f"The hardware library cannot build this plan: {error}.") from error
    for source in sources:
        shutil.copyfile(source, rtl / source.name)
    (rtl / f"{TOP}.sv").write_text(toplevel(plan))
    names = [source.name for source in sources] + [f"{TOP}.sv"]
    (rtl / FILE_LIST).write_text("".join(f"{name}\n" for name in names))


def _write_images(network: Network, plan: Plan, rtl: Path) -> None:
    edge_of = edges(network)
    for layer in network.layers:
        if isinstance(layer, Conv | Dense | Neuron | CurrentJoin | Readout):
            source = edge_of[layer.inputs[0]]
            words, width, literal = _image(layer, plan.stage(layer.name), source)
            if literal:
                memory.write_hex(words, width, rtl / literal.strip('"'))


def memory_image(network: Network, plan: Plan) -> bytes | None:
    """What lies at the memory port's base address; None where all weights are on the chip."""
    port = memory_port(plan)
    if port is None:
        return None
    edge_of = edges(network)
    content = bytearray(port.bytes)
    for stage, offset in zip(port.stages, port.offsets, strict=True):
        layer = network.layer(stage.layer)
        words, width, _ = _image(layer, stage, edge_of[layer.inputs[0]])
        own = memory.memory_bytes(words, width, port.data_bits)
        content[offset : offset + len(own)] = own
    return bytes(content)


def _image(layer: Layer, stage: Stage, source: object) -> tuple[list[int], int, str]:
    """Words, width and the INIT parameter of a layer's memory, "" for one outside the chip."""
    values = dict(stage.parameters)
    pe = int(values["PE"])
    if isinstance(layer, Conv | Dense):
        weight = layer.weight
        if isinstance(layer, Dense):
            assert isinstance(source, Activation)
            weight = memory.dense_stream_order(weight, source.channels, source.height, source.width)
        simd, bits = int(values["SIMD"]), int(values["WEIGHT_BITS"])
        literal = str(values.get("WEIGHT_INIT", ""))
        return memory.weight_words(weight, pe, simd, bits), pe * simd * bits, literal
    if isinstance(layer, Neuron):
        theta_bits, bias_bits = int(values["THETA_BITS"]), int(values["BIAS_BITS"])
        words = memory.threshold_words(layer.theta, layer.bias, pe, theta_bits, bias_bits)
        return words, pe * (theta_bits + bias_bits), str(values["INIT"])
    if isinstance(layer, CurrentJoin):
        gain_bits = int(values["GAIN_BITS"])
        return memory.bias_words(layer.gain, pe, gain_bits), pe * gain_bits, str(values["INIT"])
    assert isinstance(layer, Readout)
    bias_bits = int(values["BIAS_BITS"])
    return memory.bias_words(layer.bias, pe, bias_bits), pe * bias_bits, str(values["INIT"])


def _replace(aside: Path, out: Path) -> None:
    """Puts ``aside`` in the place of ``out``; the old folder goes last, so one of them is whole."""
    if not out.exists():
        os.replace(aside, out)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{out.name}-old-", dir=out.parent))
    os.replace(out, old / out.name)
    os.replace(aside, out)
    shutil.rmtree(old)
