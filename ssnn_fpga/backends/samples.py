"""Are these frames samples of this network?"""

from __future__ import annotations

from ssnn_fpga.errors import UserError
from ssnn_fpga.network.layers import Integers, Network


def check_samples(network: Network, frames: Integers) -> None:
    """Raise UserError where ``frames`` are not (N, T, C, H, W) of the network, N at least 1, in range."""
    wanted, largest = network.input.shape, network.input.maximum
    if frames.ndim != 5 or frames.shape[1:] != wanted:
        raise UserError(
            f"frames of shape {frames.shape} do not fit the network; give (N, {str(wanted)[1:-1]})"
        )
    if not len(frames):
        raise UserError("there is no sample to run; give at least one")
    if frames.min() < 0 or frames.max() > largest:
        raise UserError(
            f"frames hold {frames.min()} to {frames.max()}, the network takes 0 to {largest}; "
            "give frames that its own compression made"
        )
