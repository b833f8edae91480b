"""RTL back ends of the operators: FINN's calls, answered with the project's own hardware."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from finn.custom_op.fpgadataflow.rtlbackend import RTLBackend

from ssnn_fpga.backends.finn import hdl
from ssnn_fpga.backends.finn.ops import (
    LIF,
    CurrentJoin,
    Frame,
    FrameOperator,
    SumOverTime,
    TemporalTransformer,
)


class ProjectRtl(RTLBackend):  # type: ignore[misc]
    """An operator whose HDL ``hdl`` writes."""

    operator: type[FrameOperator]

    def get_nodeattr_types(self) -> dict[str, Any]:
        """The operator's attributes and FINN's for RTL."""
        return {
            **self.operator.get_nodeattr_types(self),
            "gen_top_module": ("s", False, ""),
            "gen_files": ("strings", False, []),
        }

    def execute_node(self, context: dict[str, Frame], graph: Any) -> None:
        """In Python, or FINN's own simulation where Vivado is."""
        if self.get_nodeattr("exec_mode") == "rtlsim":
            RTLBackend.execute_node(self, context, graph)
        else:
            self.operator.execute_node(self, context, graph)

    def generate_hdl(self, model: Any, fpgapart: str, clk: float) -> None:
        """Write the module and all it needs into the node's folder."""
        folder, name = Path(self.get_nodeattr("code_gen_dir_ipgen")), self.get_verilog_top_module_name()
        files = hdl.write(self.hardware(), name, folder)
        self.set_nodeattr("gen_top_module", name)
        self.set_nodeattr("gen_files", [path.name for path in files])
        self.set_nodeattr("ipgen_path", str(folder))
        self.set_nodeattr("ip_path", str(folder))

    def get_rtl_file_list(self, abspath: bool = False) -> list[str]:
        """The generated files, the top module last."""
        folder = Path(self.get_nodeattr("code_gen_dir_ipgen"))
        return [str(folder / name) if abspath else name for name in self.get_nodeattr("gen_files")]

    def code_generation_ipi(self) -> list[str]:
        """Vivado's commands that place the module in a block design."""
        top = self.get_nodeattr("gen_top_module")
        return [
            *(f"add_files -norecurse {path}" for path in self.get_rtl_file_list(abspath=True)),
            f"create_bd_cell -type module -reference {top} {self.onnx_node.name}",
        ]


class LIF_rtl(ProjectRtl, LIF):
    """``hw/rtl/lif.sv``."""

    operator = LIF


class TemporalTransformer_rtl(ProjectRtl, TemporalTransformer):
    """``hw/rtl/temporal_transform.sv``."""

    operator = TemporalTransformer


class CurrentJoin_rtl(ProjectRtl, CurrentJoin):
    """``hw/rtl/join_current.sv``."""

    operator = CurrentJoin


class SumOverTime_rtl(ProjectRtl, SumOverTime):
    """``hw/rtl/readout.sv``."""

    operator = SumOverTime


BACK_ENDS: tuple[type[ProjectRtl], ...] = (LIF_rtl, TemporalTransformer_rtl, CurrentJoin_rtl, SumOverTime_rtl)
"""What the extension makes known to FINN."""
