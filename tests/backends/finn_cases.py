"""What is tried inside FINN's environment, which has no pytest: ``test_finn`` reads the answers.

``python -m tests.backends.finn_cases FOLDER``: FOLDER has models (.onnx, QONNX) to try beside the
networks that are made here; answers go to FOLDER/answers.json. FINN's imports take ten seconds, so
one run does all.
"""

from __future__ import annotations

import contextlib
import inspect
import json
import os
import sys
import textwrap
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

import ssnn_fpga.backends.finn.extension  # noqa: F401  (before anything of FINN)
from sim.finn_words import packed
from ssnn_fpga.backends.finn import hdl, ops
from ssnn_fpga.backends.finn.build import Options, build
from ssnn_fpga.backends.finn.execution import Execution
from ssnn_fpga.backends.finn.frame_graph import frame_graph
from ssnn_fpga.errors import UserError
from ssnn_fpga.golden.compare import compare
from ssnn_fpga.golden.engine import run
from ssnn_fpga.network.layers import Integers, Network
from ssnn_fpga.network.qonnx_import import load
from tests.backends.small_networks import residual_network, small_network
from tests.random_networks import random_frames, random_network

MUTANTS: dict[str, tuple[type, str, str, str]] = {
    "fires on >": (ops.LIFState, "step", "membrane >= level", "membrane > level"),
    "double leak": (ops.LIFState, "step", '>> value["leak_shift"]', '>> 2 * value["leak_shift"]'),
    "state not cleared": (
        ops.LIF, "execute_sample", "LIFState(self)", "_kept.setdefault(self, LIFState(self))",
    ),
    "other reset": (ops.LIFState, "step", '0 if value["reset_to_zero"]', '0 if not value["reset_to_zero"]'),
    "no filter": (ops.LIFState, "step", "current >> value", "current - current >> value"),
    "transformer weight off by one": (
        ops.TemporalTransformer, "execute_sample", "self._matrix(), frames",
        "self._matrix() + np.eye(2, 4, dtype=int), frames",
    ),
}  # fmt: skip


def hardware(network: Network, folder: Path, cycles: int = 2000) -> Any:
    """The graph that FINN makes, and its figures."""
    from qonnx.core.modelwrapper import ModelWrapper

    folder.mkdir(parents=True)
    frame_graph(network).save(str(folder / "frames.onnx"))
    figures = build(folder / "frames.onnx", folder, Options(cycles))
    return ModelWrapper(str(folder / "hardware.onnx")), figures


def trace(model: Any, network: Network, frames: Integers) -> dict[str, Integers]:
    """Every layer's values (N, T, C, H, W) of frames alike."""
    execution = Execution(model)
    samples = [
        execution.run(list(sample.transpose(0, 2, 3, 1)[:, None].astype(np.float32))) for sample in frames
    ]
    values = {}
    for layer in network.layers:
        array = np.stack([np.concatenate(streams[layer.name]) for streams in samples]).astype(np.int64)
        values[layer.name] = array.transpose(0, 1, 4, 2, 3) if array.ndim == 5 else array[:, 0]
    return values


def equal_twice(network: Network, folder: Path) -> str:
    """Two runs in this process against golden: empty, or what differs."""
    frames = random_frames(np.random.default_rng(3), network, 3)
    model, _ = hardware(network, folder)
    expected = run(network, frames)
    for _ in range(2):
        comparison = compare(expected, trace(model, network, frames))
        if not comparison.equal:
            return str(comparison)
    return ""


@contextlib.contextmanager
def mutated(cls: type, method: str, right: str, wrong: str) -> Iterator[None]:
    """A method with one text of it replaced."""
    original = getattr(cls, method)
    source = textwrap.dedent(inspect.getsource(original))
    assert source.count(right) == 1, (right, source)
    names = {**vars(ops), "_kept": {}}
    exec(source.replace(right, wrong), names)
    setattr(cls, method, names[method])
    try:
        yield
    finally:
        setattr(cls, method, original)


def caught(mutant: str, folder: Path) -> str:
    """Empty where the logits alone differ from golden."""
    network = small_network()
    frames = random_frames(np.random.default_rng(6), network, 12)
    model, _ = hardware(network, folder)
    expected = {"readout": run(network, frames)["readout"]}
    with mutated(*MUTANTS[mutant]):
        equal = compare(expected, trace(model, network, frames)).equal
    return "not caught" if equal else ""


def frame_a_call(folder: Path) -> str:
    """FINN's own execute_onnx, frame after frame: neurons keep their state, and give it up in time."""
    from finn.builder.build_dataflow_config import DataflowBuildConfig
    from finn.builder.build_dataflow_steps import step_convert_to_hw
    from finn.core.onnx_exec import execute_onnx

    network = random_network(np.random.default_rng(2), schedule=(3,))
    name = network.layers[1].name
    frames = random_frames(np.random.default_rng(3), network, 4)
    expected = run(network, frames)[name]
    model = step_convert_to_hw(frame_graph(network), DataflowBuildConfig(standalone_thresholds=True))
    last = [node.output[0] for node in model.graph.node].index(name)
    del model.graph.node[last + 1 :]
    (info,) = (info for info in model.graph.value_info if info.name == name)
    model.graph.value_info.remove(info)
    model.graph.output[0].CopyFrom(info)
    got = [
        execute_onnx(model, {"input": frame.transpose(1, 2, 0)[None].astype(np.float32)})[name][0]
        for sample in frames
        for frame in sample
    ]
    given = np.stack(got).reshape(len(frames), -1, *got[0].shape).transpose(0, 1, 4, 2, 3)
    return str(compare({name: expected}, {name: given.astype(np.int64)})) if (given != expected).any() else ""


def generates_our_hdl(folder: Path) -> str:
    """FINN's own call writes what ``hdl.write`` does, and knows the files."""
    from qonnx.custom_op.registry import getCustomOp

    model, _ = hardware(small_network(), folder)
    problems = []
    for node in model.graph.node:
        operator = getCustomOp(node)
        if not isinstance(operator, ops.FrameOperator):
            continue
        place = folder / "ip" / node.name
        place.mkdir(parents=True)
        operator.set_nodeattr("code_gen_dir_ipgen", str(place))
        operator.generate_hdl(model, "xc7z020clg400-1", 10.0)
        wanted = hdl.write(operator.hardware(), node.name, folder / "wanted" / node.name)
        files = [Path(path) for path in operator.get_rtl_file_list(abspath=True)]
        if [path.read_text() for path in files] != [path.read_text() for path in wanted]:
            problems.append(node.name)
        interfaces = operator.get_verilog_top_module_intf_names()
        text = files[-1].read_text()
        for bus, width in [*interfaces["s_axis"], *interfaces["m_axis"]]:
            if f"[{width - 1}:0] {bus}_TDATA" not in text:
                problems.append(f"{node.name}: {bus} has not {width} bits")
    return ", ".join(problems)


def packs_as_finn(folder: Path) -> str:
    """The benches' words are FINN's."""
    from finn.util.data_packing import npy_to_rtlsim_input
    from qonnx.core.datatype import DataType

    values = np.random.default_rng(4).integers(-16, 16, (1, 2, 3, 4, 4))
    folder.mkdir(parents=True)
    np.save(folder / "words.npy", values.reshape(1, 2, 3, 4, 2, 2).astype(np.float32))
    theirs = npy_to_rtlsim_input(str(folder / "words.npy"), DataType["INT5"], 10)
    return "" if list(theirs) == packed(values, 2, 5) else f"{list(theirs)[:4]}"


def folds(folder: Path) -> str:
    """Fewer cycles take wider folds, and each node keeps what its frames leave it."""
    network = small_network()
    fast, slow = (hardware(network, folder / str(cycles), cycles)[1] for cycles in (12, 2000))
    problems = [f"{node['name']} takes {node['cycles']}" for node in slow["nodes"] if node["cycles"] > 2000]
    if not fast["cycles"] < slow["cycles"]:
        problems.append(f"{fast['cycles']} cycles and {slow['cycles']}")
    frames = {node["output"]: node["frames"] for node in slow["nodes"]}
    if (frames["lif1"], frames["shrink"], frames["lif2"], frames["readout"]) != (4, 4, 2, 2):
        problems.append(f"frames {frames}")
    return ", ".join(problems)


def goes_on(folder: Path) -> str:
    """FINN's next steps without Vivado, width converters, FIFOs, code of every node: the same logits."""
    from finn.transformation.fpgadataflow.insert_dwc import InsertDWC
    from finn.transformation.fpgadataflow.insert_fifo import InsertFIFO
    from finn.transformation.fpgadataflow.prepare_ip import PrepareIP
    from finn.transformation.fpgadataflow.specialize_layers import SpecializeLayers
    from qonnx.custom_op.registry import getCustomOp
    from qonnx.transformation.general import GiveUniqueNodeNames

    from ssnn_fpga.backends.finn.steps import step_hold_skips

    part = "xc7z020clg400-1"
    network = residual_network(np.random.default_rng(3), heads=0)
    frames = random_frames(np.random.default_rng(3), network, 2)
    model = step_hold_skips(hardware(network, folder, 300)[0], None)
    for transformation in (
        InsertDWC(), InsertFIFO(create_shallow_fifos=True), SpecializeLayers(part), GiveUniqueNodeNames(),
        PrepareIP(part, 10.0),
    ):  # fmt: skip
        model = model.transform(transformation)
    kinds = {node.op_type for node in model.graph.node}
    assert {"StreamingFIFO_rtl", "StreamingDataWidthConverter_rtl", "LIF_rtl"} <= kinds
    for node in model.graph.node:
        if isinstance(getCustomOp(node), ops.FrameOperator):
            place = Path(getCustomOp(node).get_nodeattr("code_gen_dir_ipgen"))
            assert (place / f"{node.name}.v").is_file(), node.name
    execution = Execution(model)
    last = model.graph.output[0].name
    given = [
        execution.run(list(x.transpose(0, 2, 3, 1)[:, None].astype(np.float32)))[last][0] for x in frames
    ]
    expected = run(network, frames)["readout"]
    return "" if (np.concatenate(given) == expected).all() else f"{given}, not {expected}"


def gives_up(folder: Path) -> str:
    """FINN's own refusal becomes one sentence."""
    os.environ.pop("PYTEST_CURRENT_TEST", None)  # FINN raises where it sees pytest
    folder.mkdir(parents=True)
    graph = frame_graph(small_network())
    neuron = next(node for node in graph.graph.node if node.output[0] == "lif1")
    neuron.op_type, neuron.domain = "Neg", ""  # nothing that FINN turns into hardware
    del neuron.attribute[:]
    graph.save(str(folder / "frames.onnx"))
    try:
        build(folder / "frames.onnx", folder, Options(2000))
    except UserError as error:
        return "" if str(error).startswith("FINN gave up, ") and "Neg_0" in str(error) else str(error)
    return "no error"


def holds_skips(folder: Path) -> str:
    """A branch without neurons gets room for the frames that the other one keeps."""
    from qonnx.custom_op.registry import getCustomOp

    from ssnn_fpga.backends.finn.steps import step_hold_skips

    network = residual_network(np.random.default_rng(3), heads=0)
    model = step_hold_skips(hardware(network, folder)[0], None)
    (node,) = model.get_nodes_by_op_type("ElementwiseAdd_hls")
    join = getCustomOp(node)
    frame = int(np.prod(join.get_folded_input_shape(0)[:-1]))
    behind = sorted(depth // frame for depth in join.get_nodeattr("inFIFODepths"))
    steps = network.input.timesteps
    return "" if behind == [1, steps] else f"{behind} frames, of {steps} a sample"


def cases(folder: Path) -> Iterator[tuple[str, Callable[[Path], str]]]:
    """Each case with its name."""
    networks = {
        "dense multi-threshold": small_network(),
        "dense, reset to zero": small_network(reset="zero", strict=True),
        "residual": residual_network(np.random.default_rng(3), heads=0),
        "sums": random_network(np.random.default_rng(2), pool="sum", levels=3),
        "binary": random_network(np.random.default_rng(5), weight_bits=1),
        **{path.stem: load(path) for path in sorted(folder.glob("*.onnx"))},
    }
    for name, network in networks.items():
        yield f"equal: {name}", lambda place, network=network: equal_twice(network, place)
    for mutant in MUTANTS:
        yield f"mutant: {mutant}", lambda place, mutant=mutant: caught(mutant, place)
    for case in (frame_a_call, generates_our_hdl, packs_as_finn, folds, holds_skips, goes_on, gives_up):
        yield case.__name__, case


def main(folder: Path) -> None:
    """Try all; a case's answer is empty, or what is wrong."""
    answers = {}
    for number, (name, case) in enumerate(cases(folder)):
        try:
            answers[name] = case(folder / f"case{number}")
        except Exception:
            answers[name] = traceback.format_exc()
    (folder / "answers.json").write_text(json.dumps(answers))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
