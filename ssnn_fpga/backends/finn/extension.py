"""Importing this makes the operators and their RTL known to FINN, with or without Vivado."""

from __future__ import annotations

from ssnn_fpga.backends.finn.boot import boot

boot()

import finn.custom_op.fpgadataflow as operators  # noqa: E402
import finn.custom_op.fpgadataflow.rtl as back_ends  # noqa: E402

from ssnn_fpga.backends.finn.ops import OPERATORS  # noqa: E402
from ssnn_fpga.backends.finn.rtl_ops import BACK_ENDS  # noqa: E402

for _operator in OPERATORS:
    operators.register_custom_op(_operator)
for _back_end in BACK_ENDS:
    back_ends.register_custom_op(_back_end)
