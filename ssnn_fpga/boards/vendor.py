"""The flows through AMD's tools: writes the bundle, runs it where the tools are, reads what it left."""

from __future__ import annotations

import shutil
from pathlib import Path

from ssnn_fpga.boards.bit_file import binary_file, configuration
from ssnn_fpga.boards.board import Board, Flow
from ssnn_fpga.boards.bundle import COMMAND, RESULTS, Bundle, write_bundle
from ssnn_fpga.boards.choice import alternative, lacking, missing_tools
from ssnn_fpga.boards.outputs import BINARY_FILE, clear, finished, publish, sha256
from ssnn_fpga.boards.report import BuildReport, Timing, Usage
from ssnn_fpga.boards.staging import Hardware
from ssnn_fpga.boards.step import run_step
from ssnn_fpga.boards.vivado_report import timing_of, utilisation_of
from ssnn_fpga.errors import UserError
from ssnn_fpga.rtl.generate import WEIGHTS_FILE
from ssnn_fpga.runtime.manifest import Manifest, WeightImage

BUNDLE = "bundle"


def build_vendor(
    hardware: Hardware, board: Board, flow: Flow, out: Path, *, progress: bool = True
) -> BuildReport:
    """Write ``out``/accelerator.bit (and .bit.bin) or .xclbin, timing.json, utilisation.json, manifest.json.

    ``out``/bundle is run here where the tools are; where it comes back with results from another machine
    they are taken. Raises UserError where neither is so, which says what to do, where the design does not fit
    or its clock is not met; then no bitstream is left in ``out``, and the bundle is.
    """
    bundle = write_bundle(hardware, board, flow, out / BUNDLE)
    earlier = finished(out, bundle.inputs, bundle.product.name, hardware.weights)
    if earlier is not None:
        return earlier
    _, logs = clear(out)
    if bundle.done() is None:
        if missing_tools(board, flow):
            raise UserError(_remedy(bundle, board))
        shutil.rmtree(bundle.folder / RESULTS, ignore_errors=True)
        run_step(
            "sh",
            ["run.sh"],
            folder=bundle.folder,
            log=logs / f"{flow}.log",
            title=f"{flow} for {board.name}",
            progress=progress,
        )
    return _collect(bundle, hardware, board, out)


def _remedy(bundle: Bundle, board: Board) -> str:
    other = alternative(board, bundle.flow)
    instead = "" if other is None else f" Or take --flow {other}, whose tools are here."
    return (
        f"The flow {bundle.flow} lacks {lacking(board, bundle.flow)}. {bundle.folder} is ready for a machine "
        f"that has it: copy the folder there, run `{COMMAND}` in it, copy it back, and give this command "
        f"again.{instead}"
    )


def _collect(bundle: Bundle, hardware: Hardware, board: Board, out: Path) -> BuildReport:
    """What the flow left, as every flow leaves it."""
    done = bundle.done()
    if done is None:
        raise UserError(f"{bundle.folder} has no results of these sources: run `{COMMAND}` in it again.")
    timing, utilisation = _figures(bundle.folder / RESULTS, board)
    if not timing.met:
        raise UserError(
            f"The clock of {board.name} is not met: {timing.fmax_mhz:.1f} MHz, {board.clock_mhz:g} MHz are "
            "needed, without a violation of hold; compile with smaller folds. The reports are in "
            f"{bundle.folder / RESULTS}."
        )
    work = out / "work"
    work.mkdir(parents=True)
    bitstreams = [work / bundle.product.name]
    try:
        shutil.copyfile(bundle.product, bitstreams[0])
        if bundle.flow == "vivado":
            bitstreams.append(work / BINARY_FILE)
            bitstreams[1].write_bytes(binary_file(configuration(bitstreams[0].read_bytes())))
    except (OSError, ValueError) as error:
        raise UserError(
            f"{bundle.product} is missing or damaged ({error}): copy the bundle again."
        ) from error
    manifest = Manifest(
        board=board.name,
        device=board.device,
        identity=bundle.staged.identity,
        stream=hardware.stream,
        classes=hardware.classes,
        compression=hardware.compression,
        clock_mhz=board.clock_mhz,
        baud=None,
        tools={name: version for name, version in done.items() if name != "inputs"},
        seed=0,  # Vivado's placer has none
        inputs_sha256=bundle.inputs,
        bitstream_sha256=sha256(bitstreams[0]),
        register_base=board.register_base,
        weights=WeightImage.of(hardware.weights, WEIGHTS_FILE),
    )
    return publish(out, bitstreams, timing, utilisation, manifest, hardware.weights)


def _figures(results: Path, board: Board) -> tuple[Timing, dict[str, Usage]]:
    try:
        summary, paths, usage = (
            (results / f"{name}.rpt").read_text() for name in ("timing_summary", "paths", "utilisation")
        )
    except OSError as error:
        raise UserError(f"{error.filename} is missing: copy the whole bundle back.") from error
    return timing_of(summary, paths, board), utilisation_of(usage)
