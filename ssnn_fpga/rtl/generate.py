"""Writes a planned network as a folder: top level, library modules, memory images, plan, network."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from ssnn_fpga.errors import UserError
from ssnn_fpga.network.layers import Network
from ssnn_fpga.network.storage import save_network
from ssnn_fpga.plan.plan import PLAN_FILE, Plan
from ssnn_fpga.rtl.images import IMAGE_FILE, contents, load_image, write_image
from ssnn_fpga.rtl.library import library_sources
from ssnn_fpga.rtl.memory import with_parity, write_hex
from ssnn_fpga.rtl.memory_port import memory_image
from ssnn_fpga.rtl.toplevel import TOP, modules_of, toplevel

RTL_FOLDER = "rtl"
NETWORK_FILE = "network.npz"
FILE_LIST = "files.f"
WEIGHTS_FILE = "weights.bin"
"""Weights that lie in memory outside the chip, beside the plan; only where the plan has such layers."""


def write_design(network: Network, plan: Plan, out: Path, library: Path | None = None) -> None:
    """Writes the folder ``out``, all of it or nothing; a design that lay there is replaced.

    ``rtl/`` holds the top level ``accelerator.sv``, the library modules that it uses and one
    ``$readmemh`` image a memory, named without a path; ``rtl/files.f`` lists the sources in
    order of compilation. A loadable design has no image a memory but ``load.bin``, the words of
    its load port. ``plan.json`` and ``network.npz`` tell what the hardware is.
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
        _write_images(network, plan, aside)
        (aside / PLAN_FILE).write_text(plan.to_json())
        save_network(network, aside / NETWORK_FILE)
        _replace(aside, out)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _write_sources(plan: Plan, rtl: Path, library: Path | None) -> None:
    try:
        sources = library_sources(modules_of(plan), library)
    except FileNotFoundError as error:
        raise UserError(f"The hardware library cannot build this plan: {error}.") from error
    for source in sources:
        shutil.copyfile(source, rtl / source.name)
    (rtl / f"{TOP}.sv").write_text(toplevel(plan))
    names = [source.name for source in sources] + [f"{TOP}.sv"]
    (rtl / FILE_LIST).write_text("".join(f"{name}\n" for name in names))


def _write_images(network: Network, plan: Plan, folder: Path) -> None:
    """One ``$readmemh`` file a memory; of a loadable design, one image for all of them.

    Beside them the weights that lie outside the chip, if there are any.
    """
    if plan.port_cycles:
        (folder / WEIGHTS_FILE).write_bytes(memory_image(network, plan))
    if plan.options.loadable:
        write_image(load_image(network, plan), folder / IMAGE_FILE)
        return
    for stage, memory, words in contents(network, plan):
        width = memory.width
        if dict(stage.parameters).get("PARITY"):
            words, width = with_parity(words, width), width + 1
        write_hex(words, width, folder / RTL_FOLDER / str(stage.parameter(memory.image)).strip('"'))


def _replace(aside: Path, out: Path) -> None:
    """Puts ``aside`` in the place of ``out``; the old folder goes last, so one of them is whole."""
    if not out.exists():
        os.replace(aside, out)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{out.name}-old-", dir=out.parent))
    os.replace(out, old / out.name)
    os.replace(aside, out)
    shutil.rmtree(old)
