"""Registers the project's layers with hls4ml's Vitis and Vivado back ends."""

from __future__ import annotations

from functools import cache, partial

from hls4ml.backends import get_backend
from hls4ml.model.layers import register_layer

from ssnn_fpga.backends.hls4ml.layers import KERNEL_LAYERS, TimedConv2D, TimedDense
from ssnn_fpga.backends.hls4ml.project import BACKENDS
from ssnn_fpga.backends.hls4ml.templates import (
    ConvConfig,
    DenseConfig,
    KernelCall,
    KernelConfig,
    SynapsesCall,
)
from ssnn_fpga.rtl.library import hardware_directory


@cache
def register() -> None:
    """Make the layers known to hls4ml; calling it again does nothing."""
    for layer in (*KERNEL_LAYERS, TimedConv2D, TimedDense):
        register_layer(layer.__name__, layer)
    for name in BACKENDS:
        backend = get_backend(name)
        for kernel in KERNEL_LAYERS:
            backend.register_template(partial(KernelConfig, kernel))
            backend.register_template(partial(KernelCall, kernel))
        backend.register_template(ConvConfig)
        backend.register_template(DenseConfig)
        backend.register_template(partial(SynapsesCall, TimedConv2D, "conv_2d_timesteps"))
        backend.register_template(partial(SynapsesCall, TimedDense, "dense_timesteps"))
        for source in sorted((hardware_directory() / "hls").glob("nnet_*.h")):
            backend.register_source(source)
