"""A generated design on disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ssnn_fpga.errors import UserError
from ssnn_fpga.network.layers import Network
from ssnn_fpga.network.storage import load_network
from ssnn_fpga.plan.plan import PLAN_FILE, Plan
from ssnn_fpga.rtl.generate import FILE_LIST, NETWORK_FILE, RTL_FOLDER, WEIGHTS_FILE


@dataclass(frozen=True)
class Design:
    """A folder that ``write_design`` wrote."""

    folder: Path
    network: Network
    plan: Plan
    sources: tuple[Path, ...]
    """SystemVerilog files in order of compilation; the last one is the top level."""
    weights: bytes = b""
    """What lies at the memory port's base address, for weights outside the chip."""

    @property
    def rtl(self) -> Path:
        """The folder of sources and memory images: the working directory for ``$readmemh``."""
        return self.folder / RTL_FOLDER

    @classmethod
    def load(cls, folder: Path) -> Design:
        """The design in ``folder``. Raises UserError for a folder that holds none."""
        rtl = folder / RTL_FOLDER
        for path in (folder / PLAN_FILE, folder / NETWORK_FILE, rtl / FILE_LIST):
            if not path.is_file():
                raise UserError(f"{folder} holds no design ({path.name} is missing): run `compile` first.")
        sources = tuple(rtl / name for name in (rtl / FILE_LIST).read_text().split())
        plan = Plan.load(folder / PLAN_FILE)
        weights = b""
        if plan.port_cycles:
            try:
                weights = (folder / WEIGHTS_FILE).read_bytes()
            except OSError as error:
                raise UserError(f"{folder / WEIGHTS_FILE} cannot be read: run `compile` again.") from error
        return cls(folder, load_network(folder / NETWORK_FILE), plan, sources, weights)
