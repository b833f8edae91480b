"""FINN+'s own analytical estimates of one convolution layer; runs in FINN's environment, not in ours.

``layer_against_finn`` starts it there. A list of requests comes on standard input as JSON, each
``{"side", "channels", "pe", "simd", "weight_bits", "accumulator_bits"}``: a 3 x 3 convolution of
binary activations with as many outputs as inputs on side x side pixels, folded by ``pe`` and ``simd``.
For each one the answer on standard output has FINN's padding, window generator, matrix-vector unit
(``matrix_lut``: products in look-up tables, ``matrix_dsp``: on DSP slices) and threshold, each with
``luts``, ``block_rams`` (of 18 kbit), ``dsps`` and ``cycles`` for one timestep.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
from typing import Any

# FINN reads a version out of the first, and wants the others set; nothing is run from them.
os.environ.setdefault("XILINX_VIVADO", "/not/installed/2024.2")
os.environ.setdefault("FINN_BUILD_DIR", tempfile.gettempdir())
os.environ.setdefault("NUM_DEFAULT_WORKERS", "1")

PART = "xc7z020clg400-1"
KERNEL = 3


def estimate(
    node_class: type, name: str, weights: tuple[int, int], weight_bits: int, **attributes: Any
) -> Any:
    """FINN's estimates of one of its nodes, whose second input is a matrix of ``weights``' shape."""
    import numpy as np
    from onnx import TensorProto, helper
    from qonnx.core.datatype import DataType
    from qonnx.core.modelwrapper import ModelWrapper

    kind = node_class.__name__.rsplit("_", 1)[1]
    node = helper.make_node(
        node_class.__name__, ["x", "w"], ["y"], name=name, backend="fpgadataflow",
        domain=f"finn.custom_op.fpgadataflow.{kind}", **attributes,
    )  # fmt: skip
    tensors = {
        tensor: helper.make_tensor_value_info(tensor, TensorProto.FLOAT, shape)
        for tensor, shape in (("x", None), ("w", weights), ("y", None))
    }
    graph = helper.make_graph([node], "layer", [tensors["x"]], [tensors["y"]], value_info=[tensors["w"]])
    model = ModelWrapper(helper.make_model(graph))
    signs = np.random.default_rng(0).choice(np.array([-1.0, 1.0], np.float32), weights)
    model.set_initializer("w", signs)
    model.set_tensor_datatype("w", DataType[f"INT{weight_bits}"])
    operation = node_class(model.graph.node[0])
    return {
        "luts": int(operation.lut_estimation(PART)),
        "block_rams": int(operation.bram_estimation(PART)),
        "dsps": int(operation.dsp_estimation(PART)),
        "cycles": int(operation.get_exp_cycles()),
    }


def layer(
    *, side: int, channels: int, pe: int, simd: int, weight_bits: int, accumulator_bits: int
) -> dict[str, Any]:
    """All nodes that FINN makes of the layer. The window generator's SIMD divides the channels."""
    from finn.custom_op.fpgadataflow.hls.matrixvectoractivation_hls import MVAU_hls
    from finn.custom_op.fpgadataflow.rtl.convolutioninputgenerator_rtl import ConvolutionInputGenerator_rtl
    from finn.custom_op.fpgadataflow.rtl.fmpadding_rtl import FMPadding_rtl
    from finn.custom_op.fpgadataflow.rtl.thresholding_rtl import Thresholding_rtl

    inputs, padded, pixels = KERNEL * KERNEL * channels, side + KERNEL - 1, [1, side, side]
    shape = (inputs, channels)
    lanes = max(n for n in range(1, simd + 1) if channels % n == 0)
    accumulator = f"INT{accumulator_bits}"
    matrix = {
        "MW": inputs, "MH": channels, "SIMD": simd, "PE": pe, "noActivation": 1, "numInputVectors": pixels,
        "inputDataType": "BINARY", "weightDataType": f"INT{weight_bits}", "outputDataType": accumulator,
        "accDataType": accumulator, "mem_mode": "internal_decoupled", "ram_style": "block",
        "ram_style_thresholds": "auto",
    }  # fmt: skip
    return {
        "padding": estimate(
            FMPadding_rtl, "padding", shape, weight_bits, ImgDim=[side, side], Padding=[1, 1, 1, 1],
            NumChannels=channels, SIMD=lanes, inputDataType="BINARY",
        ),
        "window": estimate(
            ConvolutionInputGenerator_rtl, "window", shape, weight_bits, ConvKernelDim=[KERNEL, KERNEL],
            IFMChannels=channels, IFMDim=[padded, padded], OFMDim=[side, side], SIMD=lanes, Stride=[1, 1],
            Dilation=[1, 1], inputDataType="BINARY", outputDataType="BINARY", depthwise=0, parallel_window=0,
            is1D=0, ram_style="block",
        ),
        "matrix_lut": estimate(MVAU_hls, "matrix", shape, weight_bits, resType="lut", **matrix),
        "matrix_dsp": estimate(MVAU_hls, "matrix", shape, weight_bits, resType="dsp", **matrix),
        "threshold": estimate(
            Thresholding_rtl, "threshold", shape, weight_bits, NumChannels=channels, PE=pe, numSteps=1,
            inputDataType=accumulator, weightDataType=accumulator, outputDataType="BINARY",
            numInputVectors=pixels, depth_trigger_uram=0, depth_trigger_bram=0,
        ),
    }  # fmt: skip


def main() -> int:
    """Answer the requests; what FINN prints goes to standard error."""
    requests = json.load(sys.stdin)
    with contextlib.redirect_stdout(sys.stderr):
        answers = [layer(**request) for request in requests]
    print(json.dumps(answers))
    return 0


if __name__ == "__main__":
    sys.exit(main())
