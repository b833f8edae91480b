"""What is made of the register description lies beside it, and is made of this description."""

from __future__ import annotations

from pathlib import Path

from ssnn_fpga.rtl.registers import generated
from ssnn_fpga.runtime import registers

CHECKOUT = Path(__file__).parents[2]


def test_generated_files_are_current() -> None:
    for path, text in generated().items():
        assert (CHECKOUT / path).read_text() == text, f"{path} is old: run python -m ssnn_fpga.rtl.registers"


def test_a_kernel_of_ap_ctrl_chain_has_its_registers_where_xrt_looks() -> None:
    offsets = (registers.CONTROL, registers.INTERRUPT, registers.INTERRUPT_ENABLE, registers.INTERRUPT_STATUS)
    assert offsets == (0x0, 0x4, 0x8, 0xC)
    control = registers.Control
    bits = (
        control.START,
        control.DONE,
        control.IDLE,
        control.READY,
        control.ACKNOWLEDGE,
        control.AUTO_RESTART,
    )
    assert bits == (1, 2, 4, 8, 0x10, 0x80)
