"""The RTL kernel of the Alveo cards as it is packed, a small network inside, started as XRT starts it."""

from __future__ import annotations

import re
from pathlib import Path

from sim.bench import run_bench
from tests.boards.top_design import top_design

KERNEL = "accelerator_kernel"
_WAIVED = ("UNUSEDPARAM", "UNUSEDSIGNAL", "VARHIDDEN", "PINCONNECTEMPTY", "SYMRSVDWORD")


def with_ids(kernel: str, buses: list[str]) -> str:
    """The kernel with the ids that the bus models want and that its masters have not."""
    ports, ties = [], []
    for bus in buses:
        for channel, direction in (("aw", "output"), ("ar", "output"), ("b", "input"), ("r", "input")):
            if f"{bus}_{channel}valid" in kernel:
                ports.append(f"  {direction} logic {bus}_{channel}id")
                ties += [f"  assign {bus}_{channel}id = 1'b0;"] if direction == "output" else []
    text = kernel.replace(f"module {KERNEL} (\n", f"module {KERNEL} (\n" + ",\n".join(ports) + ",\n")
    return re.sub(r"^endmodule", "\n".join([*ties, "endmodule"]), text, flags=re.MULTILINE)


def test_runs_as_xrt_starts_them(tmp_path: Path) -> None:
    """Start, done and continue; two runs back to back; every logit is the golden model's.

    Weights come over the second master. Both cards have the same kernel; the other width, and the kernel
    without that master, are linted (``test_bundle``).
    """
    design = top_design("alveo-u50", True, tmp_path)
    kernel = design.source(f"{KERNEL}.sv").replace('  `include "design.svh"\n', design.sizes)
    waived = "".join(f"// verilator lint_off {rule}\n" for rule in _WAIVED)
    run_bench(
        KERNEL,
        bench="bench_accelerator_kernel",
        parameters={},
        seed=1,
        config=design.config,
        files=design.images,
        rtl=design.rtl,
        top=waived + with_ids(kernel, ["m_axi_gmem", "m_axi_weights"]),
    )
