"""Grouped convolutions for compilers that have none."""

from __future__ import annotations

import numpy as np

from ssnn_fpga.network.layers import Conv, Integers


def whole_weight(layer: Conv, channels: int) -> Integers:
    """(O, C, K, K) with zeros for what another group sees, C the layer's input ``channels``."""
    outputs, inner, kernel, _ = layer.weight.shape
    whole = np.zeros((outputs, channels, kernel, kernel), np.int64)
    for output in range(outputs):
        first = output // (outputs // layer.groups) * inner
        whole[output, first : first + inner] = layer.weight[output]
    return whole
