"""How far one path runs behind another: the depth of the FIFOs where forked streams meet again.

A module that is kept from giving token k has nevertheless taken all that token k depends on. So a
path with a FIFO of D pixels at its end, whose pixel p is not wanted yet, takes every pixel of the
fork that pixel p + D depends on. The join waits for pixel p of some other path, which asks for no
more of the fork than ``needs`` of it. If ``takes[p + D] >= needs[p]`` for every p and every other
path, the fork is never held back by the one path before the other has what it asks for: the join
gets its pixel, whatever the stalls. Fork, paths and join together are then again a module that
gives its pixel once it has what that depends on, so the argument holds for nested forks too.

``takes`` is the data dependence itself, ``needs`` what the modules really wait for (whole rows),
both in whole pixels and so the same for every fold.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from ssnn_fpga.network.layers import (
    NETWORK_INPUT,
    Activation,
    Conv,
    CurrentJoin,
    Dense,
    Edge,
    Integers,
    Join,
    Layer,
    Network,
    Pool,
)


@dataclass(frozen=True)
class Lag:
    """What the pixels of one edge have to do with the pixels of a fork, by pixel in raster order."""

    starts: Integers
    """Whole pixels of the fork that are taken for sure when a pixel's first token stands ready."""
    ends: Integers
    """The same when its last token stands ready."""
    needs: Integers
    """Pixels of the fork after which a pixel comes, whatever else happens."""

    def at(self, sure: Integers, needed: Integers) -> Lag:
        """Of an edge whose pixels depend on pixels ``sure`` of this one, and wait for ``needed``."""
        return Lag(self.ends[sure], self.ends[sure], self.needs[needed])


def fifo_pixels(network: Network, edge_of: dict[str, Edge], join: Join | CurrentJoin) -> list[int]:
    """Pixels that the FIFO at each input of ``join`` must hold."""
    readers = Counter(name for layer in network.layers for name in layer.inputs)
    forks = [name for name, edge in edge_of.items() if readers[name] > 1 and isinstance(edge, Activation)]
    lags = {name: lags_behind(network, edge_of, name) for name in forks}
    depths = [0] * len(join.inputs)
    for place, other in permutations(range(len(join.inputs)), 2):
        one, two = join.inputs[place], join.inputs[other]
        # Two paths part at the last fork that both come from.
        fork = [name for name in forks if one in lags[name] and two in lags[name]][-1]
        path, behind = lags[fork][one], lags[fork][two]
        # Paths that are alike wait for the same, and pointwise ones go token by token.
        if not _same(path, behind):
            pixels = len(lags[fork][fork].needs)
            ahead = np.concatenate([path.starts, path.starts + pixels, path.starts + 2 * pixels])
            late = np.searchsorted(ahead, behind.needs) - np.arange(len(behind.needs))
            depths[place] = max(depths[place], int(late.max()))
    return depths


def _same(one: Lag, other: Lag) -> bool:
    return all(np.array_equal(getattr(one, f), getattr(other, f)) for f in ("starts", "ends", "needs"))


def lags_behind(network: Network, edge_of: dict[str, Edge], fork: str) -> dict[str, Lag]:
    """Lag of every edge that depends on the edge ``fork``, the fork's own included."""
    source = edge_of[fork]
    assert isinstance(source, Activation)
    pixels = np.arange(source.height * source.width)
    lags = {fork: Lag(pixels, pixels + 1, pixels + 1)}
    started = fork == NETWORK_INPUT
    for layer in network.layers:
        if started:
            found = [lags[name] for name in layer.inputs if name in lags]
            if found:
                lags[layer.name] = _through(layer, edge_of, _slowest(found))
        started = started or layer.name == fork
    return lags


def _slowest(lags: list[Lag]) -> Lag:
    return Lag(
        np.max([lag.starts for lag in lags], axis=0),
        np.max([lag.ends for lag in lags], axis=0),
        np.max([lag.needs for lag in lags], axis=0),
    )


def _through(layer: Layer, edge_of: dict[str, Edge], lag: Lag) -> Lag:
    source = edge_of[layer.inputs[0]]
    if isinstance(layer, Dense):
        last = np.array([len(lag.needs) - 1])
        return lag.at(last, last)
    if not isinstance(layer, Conv | Pool):
        return lag
    assert isinstance(source, Activation)
    height, width = source.height, source.width
    if isinstance(layer, Conv):
        kernel, stride, padding = layer.weight.shape[2], layer.stride, layer.padding
    else:
        kernel, stride, padding = layer.size, layer.size, 0
    rows = _last_tap((height + 2 * padding - kernel) // stride + 1, kernel, stride, padding, height)
    columns = _last_tap((width + 2 * padding - kernel) // stride + 1, kernel, stride, padding, width)
    sure = (rows[:, None] * width + columns[None, :]).reshape(-1)
    # The line buffer of a convolution opens a row of windows when all of its rows are there.
    whole = np.broadcast_to((rows * width + width - 1)[:, None], (len(rows), len(columns))).reshape(-1)
    return lag.at(sure, whole if isinstance(layer, Conv) else sure)


def _last_tap(count: int, kernel: int, stride: int, padding: int, size: int) -> Integers:
    last: Integers = np.minimum(np.arange(count, dtype=np.int64) * stride - padding + kernel - 1, size - 1)
    return last
