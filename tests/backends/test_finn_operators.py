"""The HDL that FINN gets, in Verilator on FINN's packed streams: golden values, whatever the stalls.

Nothing here needs FINN: ``hdl`` writes what its RTL back ends give it.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from sim.bench import BenchFailure, run_bench, tool_environment
from sim.bench_finn_operator import STREAMS_FILE
from ssnn_fpga.backends.finn import hdl
from ssnn_fpga.golden import arithmetic
from ssnn_fpga.network.layers import Integers, Neuron, signed_bits
from ssnn_fpga.network.ranges import neuron_range

SAMPLES, HEIGHT, WIDTH = 24, 2, 3


@dataclass(frozen=True)
class Case:
    """An operator, its inputs and its output (N, T, C, H, W), each with PE, bits and sign."""

    operator: hdl.Operator
    inputs: tuple[tuple[Integers, int, int], ...]
    output: Integers
    output_pe: int
    output_bits: int
    signed: bool


def neuron_case(pe: int, tl: int, *, timesteps: int = 4, channels: int = 4, **options: object) -> Case:
    """Accumulators around the thresholds, so that membranes often meet one exactly."""
    rng = np.random.default_rng(7)
    given = {"leak_multiplier": 1, "leak_shift": 1, "levels": 1, "fraction": 0, "filter_shift": 0} | options
    theta, bias = rng.integers(1, 5, channels), rng.integers(-1, 2, channels)
    layer = Neuron("lif", ("a",), theta, bias, **given)
    bound = 6
    low = np.full(channels, -bound)
    width = neuron_range(layer, low, -low, timesteps)
    a = rng.integers(-bound, bound + 1, (SAMPLES, timesteps, channels, HEIGHT, WIDTH))
    spikes = arithmetic.neuron(a, theta, bias, **given)
    assert 0.1 < (spikes > 0).mean() < 0.9
    acc_bits = signed_bits(-bound, bound)
    operator = hdl.neuron(
        channels=channels,
        pixels=HEIGHT * WIDTH,
        pe=pe,
        timesteps=timesteps,
        tl=tl,
        acc_bits=acc_bits,
        theta=theta,
        bias=bias,
        mem_bits=width.membrane_bits,
        current_bits=width.current_bits,
        leak_multiplier=layer.leak_multiplier,
        leak_shift=layer.leak_shift,
        levels=layer.levels,
        strict=layer.strict,
        reset_to_zero=layer.reset == "zero",
        fraction=layer.fraction,
        filter_shift=layer.filter_shift,
    )
    return Case(operator, ((a, pe, acc_bits),), spikes, pe, layer.levels.bit_length(), False)


def transform_case() -> Case:
    """Four frames to two, of two bits."""
    rng, matrix = np.random.default_rng(8), np.array([[9, 4, 2, 1], [0, 3, 3, 10]])
    x = rng.integers(0, 4, (SAMPLES, 4, 4, HEIGHT, WIDTH))
    operator = hdl.temporal_transform(
        channels=4, pixels=HEIGHT * WIDTH, pe=2, act_bits=2, out_bits=3, matrix=matrix, shift=4, fraction=1
    )
    return Case(operator, ((x, 2, 2),), arithmetic.temporal_transform(x, matrix, 4, 1), 2, 3, False)


def readout_case() -> Case:
    """Three frames of six accumulators to one of logits."""
    rng = np.random.default_rng(9)
    a, bias = rng.integers(-16, 16, (SAMPLES, 3, 6, 1, 1)), rng.integers(-9, 10, 6)
    logits = (a.sum(axis=1) << 2) + 3 * bias.reshape(-1, 1, 1)
    operator = hdl.readout(outputs=6, pe=2, timesteps=3, acc_bits=5, logit_bits=10, bias=bias, fraction=2)
    return Case(operator, ((a, 2, 5),), logits[:, None], 6, 10, True)


def join_case() -> Case:
    """Two branches of different widths."""
    rng = np.random.default_rng(10)
    first, second = (rng.integers(-b, b, (SAMPLES, 2, 4, HEIGHT, WIDTH)) for b in (16, 32))
    gain = rng.integers(-9, 10, 4)
    operator = hdl.join_current(
        channels=4, pe=2, first_bits=5, second_bits=6, out_bits=11, gain=gain, fraction=3
    )
    joined = (first << 3) + gain.reshape(-1, 1, 1) * second
    return Case(operator, ((first, 2, 5), (second, 2, 6)), joined, 2, 11, True)


CASES: dict[str, Callable[[], Case]] = {
    "neuron, PE 1, a timestep a cycle": lambda: neuron_case(1, 1),
    "neuron, PE 2, two timesteps a cycle": lambda: neuron_case(
        2, 2, levels=3, leak_multiplier=3, leak_shift=2, filter_shift=1
    ),
    "neuron, PE 4, all timesteps at once": lambda: neuron_case(4, 4, strict=True, reset="zero", fraction=1),
    "neuron, one timestep": lambda: neuron_case(2, 1, timesteps=1),
    "transformer": transform_case,
    "read-out": readout_case,
    "join of currents": join_case,
}
STALLS = ((0.0, 0.0), (0.4, 0.0), (0.3, 0.5))


def run_case(
    given: Case, folder: Path, stalls: tuple[float, float], edit: dict[str, str] | None = None
) -> None:
    """The written files behind a top that renames FINN's ports; ``edit`` replaces text in the modules."""
    name = "finn_operator"
    *sources, wrapper = hdl.write(given.operator, f"{name}_0", folder)
    if edit:
        _replace(sources, edit)
    memory = folder / f"{name}_0.mem"
    (folder / f"{name}_0.sv").write_text(wrapper.read_text())  # where the bench looks for modules
    run_bench(
        name,
        bench="bench_finn_operator",
        parameters={},
        seed=3,
        config={"stall_in": stalls[0], "stall_out": stalls[1]},
        files={
            STREAMS_FILE: json.dumps(_streams(given)),
            **({memory.name: memory.read_text()} if memory.exists() else {}),
        },
        rtl=folder,
        top=_top(name, wrapper.read_text()),
    )


def _streams(given: Case) -> dict[str, object]:
    def stream(values: Integers, pe: int, bits: int) -> dict[str, object]:
        return {"values": values.transpose(0, 1, 3, 4, 2).tolist(), "pe": pe, "bits": bits}

    output = stream(given.output, given.output_pe, given.output_bits) | {"signed": given.signed}
    return {"inputs": [stream(*of) for of in given.inputs], "output": output}


def _top(name: str, wrapper: str) -> str:
    """A top with the benches' names around FINN's: found in the wrapper's own ports."""
    ports, connections = [], []
    for direction, width, bus, signal in re.findall(
        r"(input|output)\s+wire (?:\[(\d+):0\] )?(\w+)_V_T(\w+)", wrapper
    ):
        way = "i" if direction == "input" else "o"
        bits = f"[{width}:0] " if width else ""
        ports.append(f"{direction} logic {bits}{bus}_{signal.lower()}_{way}")
        connections.append(f".{bus}_V_T{signal}({bus}_{signal.lower()}_{way})")
    return (
        f"module {name} (input logic clk_i, input logic rst_i, {', '.join(ports)});\n"
        f"  {name}_0 i_operator (.ap_clk(clk_i), .ap_rst_n(!rst_i), {', '.join(connections)});\n"
        "endmodule\n"
    )


def _replace(sources: list[Path], edit: dict[str, str]) -> None:
    for right, wrong in edit.items():
        (path,) = [path for path in sources if right in path.read_text()]
        path.write_text(path.read_text().replace(right, wrong))


@pytest.mark.parametrize("name", CASES)
def test_packed_streams_give_the_golden_values(name: str, tmp_path: Path) -> None:
    for stalls in STALLS:
        run_case(CASES[name](), tmp_path, stalls)


MUTANTS = {
    "fires on >": ("margin > 0 : margin >= 0)", "margin > 0 : mutant == 1 ? margin > 0 : margin >= 0)"),
    "double leak": ("scaled(SUM_BITS'(former))", "scaled(SUM_BITS'(mutant == 2 ? former >>> 1 : former))"),
    "state not cleared": ("drive_first_q ? '0", "drive_first_q && mutant != 3 ? '0"),
    "other reset": ("if (RESET_ZERO != 0)", "if ((RESET_ZERO != 0) != (mutant == 4))"),
    "a frame's last word lost": (
        ".write_en_i(step && first_frame)",
        ".write_en_i(step && first_frame && !(mutant == 5 && last_word))",
    ),
}
"""In this order the values of ``mutant``; one build holds them all, and 0 is none of them."""
_CHOICE = '  int mutant;\n  initial if (!$value$plusargs("mutant=%d", mutant)) mutant = 0;\n'
_WOVEN = dict(MUTANTS.values()) | {
    line: _CHOICE + line
    for line in ("  localparam int CHUNKS ", "  logic [FRAME_BITS-1:0] frame_q, shown_q;")
}


@pytest.mark.parametrize("mutant", range(len(MUTANTS) + 1), ids=["none", *MUTANTS])
def test_mutants_of_the_modules_are_caught(
    mutant: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSNN_FPGA_PLUSARGS", f"+mutant={mutant}")
    monkeypatch.setenv("SSNN_FPGA_FLAGS", "-Wno-fatal")  # the choice has 32 bits
    given = neuron_case(1, 1)
    if mutant == 0:
        run_case(given, tmp_path, (0.0, 0.0), _WOVEN)
    else:
        with pytest.raises(BenchFailure):
            run_case(given, tmp_path, (0.0, 0.0), _WOVEN)


def test_a_transformer_weight_off_by_one_is_caught(tmp_path: Path) -> None:
    given = transform_case()
    matrix = str(given.operator.parameters["MATRIX"])
    assert matrix.startswith("40'h")
    wrong = int(matrix.removeprefix("40'h"), 16) + 1 - (1 << 5)  # rows still sum to 16
    given.operator.parameters["MATRIX"] = f"40'h{wrong:x}"
    with pytest.raises(BenchFailure):
        run_case(given, tmp_path, (0.0, 0.0))


@pytest.mark.parametrize("name", CASES)
def test_lint(name: str, tmp_path: Path) -> None:
    files = hdl.write(CASES[name]().operator, "Node_rtl_3", tmp_path)
    result = subprocess.run(
        ["verilator", "--lint-only", "-Wall", "--top-module", "Node_rtl_3", *map(str, files)],
        env=tool_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr


def test_instances_of_other_parameters_stand_side_by_side(tmp_path: Path) -> None:
    """No module of one is a module of the other."""
    declared = re.compile(r"(?m)^module (\w+)")
    first, second = (
        {name for path in hdl.write(neuron_case(pe, 1).operator, f"LIF_rtl_{pe}", tmp_path)
         for name in declared.findall(path.read_text())}
        for pe in (1, 2)
    )  # fmt: skip
    assert len(first) == len(second) == 7
    assert first.isdisjoint(second)


REFUSALS = {
    ("frame_gather", "FRAMES", 0): "must be at least 1",
    ("frame_scatter", "WORDS", 0): "must be at least 1",
    ("stream_lif", "PE", 3): "PE must divide CHANNELS",
    ("stream_readout", "PE", 3): "PE must divide OUTPUTS",
    ("stream_join_current", "PE", 3): "PE must divide CHANNELS",
}


@pytest.mark.parametrize(("module", "parameter", "value"), REFUSALS)
def test_senseless_parameters_stop_elaboration(module: str, parameter: str, value: int) -> None:
    hardware = Path(__file__).parents[2] / "hw"
    result = subprocess.run(
        ["verilator", "--lint-only", f"-G{parameter}={value}", "--top-module", module,
         "-y", str(hardware / "finn"), "-y", str(hardware / "rtl"), str(hardware / "finn" / f"{module}.sv")],
        env=tool_environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode != 0
    assert REFUSALS[module, parameter, value] in result.stderr


def test_every_refusal_has_a_case() -> None:
    folder = Path(__file__).parents[2] / "hw" / "finn"
    with_error = {path.stem for path in folder.glob("*.sv") if "$error" in path.read_text()}
    assert with_error == {module for module, *_ in REFUSALS}
