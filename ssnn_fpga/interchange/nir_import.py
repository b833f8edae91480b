"""Reads a NIR file (J. E. Pedersen et al., Nature Communications 2024) as a chain of layers.

NIR describes neurons by differential equations; a step of ``dt`` by Euler's rule makes of

    τ·dv/dt = v_leak - v + r·I      U = V + dt/τ·(v_leak - V + r·I) = leak·V + gain·I + rest

with leak = 1 - dt/τ, gain = r·dt/τ and rest = (1 - leak)·v_leak; an integrator (IF) has leak 1 and gain
r. A neuron with a synaptic current (CubaLIF) steps the current first, c = decay·c + w_in·dt/τ_syn·I, and
its membrane takes the new one. That is what snnTorch (dt = 0.1 ms) and Norse (1 ms) compute when they
read the file; a file that Norse has written holds τ·dt for τ, so its step is dt² = 1e-6. Gain and rest go
into the weights and biases before the neuron.

A spike is v > v_threshold, and v is reset in the same step. A network that was trained with another reset
than the file can say is read with that one, where the integer neuron can do the same:

- to zero one step later: the same spikes, since nothing reads the membrane in between (but snnTorch's
  neuron with a synaptic current, refused, loses that step's current too);
- by subtraction in the same step: V = U - θ, as Norse's reset_subtract; not snnTorch's with
  reset_delay=False, where a membrane that stays above θ counts θ less at the next step;
- by subtraction one step later, which takes θ off a membrane that has leaked already: the same without
  a leak only. With one the network is refused.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from ssnn_fpga.errors import UserError
from ssnn_fpga.interchange.float_network import (
    FloatLayer,
    FloatNetwork,
    FloatNeuron,
    FloatPool,
    FloatSynapses,
    Reals,
    shapes,
)

SNNTORCH_DT = 1e-4
"""Seconds of a timestep in the files that snnTorch writes."""

_FLOAT32 = 1e-6  # what tau and r, kept in float32, leave of a leak and a gain
_FINEST_LEAK = 8  # k of the m / 2**k that a leak this near is meant to be

Reset = Literal["zero", "subtract"]

_SYNAPSES, _NEURONS, _POOLS = (
    ("Conv2d", "Linear", "Affine"),
    ("LIF", "IF", "CubaLIF"),
    ("SumPool2d", "AvgPool2d"),
)
_SUPPORTED = ("Input", "Output", "Flatten", *_SYNAPSES, *_NEURONS, *_POOLS)


def read_nir(
    path: Path,
    *,
    frame: tuple[int, int, int],
    dt: float = SNNTORCH_DT,
    reset: Reset = "zero",
    late: bool = False,
) -> FloatNetwork:
    """The network in the NIR file ``path``, for frames (C, H, W).

    ``dt`` is a timestep in seconds. ``reset`` and ``late`` say how its neurons were reset in training.
    Raises UserError, naming the node, for a file that is none, and for what the integer network cannot
    compute.
    """
    return _Reader(path, frame, dt, reset, late).read()


class _Reader:
    def __init__(self, path: Path, frame: tuple[int, int, int], dt: float, reset: Reset, late: bool) -> None:
        self._path, self._frame, self._dt = path, frame, dt
        self._reset: Reset = reset
        self._late = late
        self._node = ""

    def read(self) -> FloatNetwork:
        layers: list[FloatLayer] = []
        for name, node in self._chain():
            self._node, kind = name, type(node).__name__
            if kind not in _SUPPORTED:
                raise self._fault(f"{kind} is not supported; use only {', '.join(_SUPPORTED)}")
            network = FloatNetwork(self._path.stem, self._frame, tuple(layers))
            before = layers[-1] if layers else None
            shape = self._frame if before is None else shapes(network)[before.name]
            if kind in _NEURONS:
                if not isinstance(before, FloatSynapses):
                    raise self._fault("needs a convolution or dense layer right before it")
                gain, rest, neuron = self._neuron(node, kind, shape)
                column = (-1,) + (1,) * (before.weight.ndim - 1)
                layers[-1] = replace(
                    before, weight=before.weight * gain.reshape(column), bias=before.bias * gain + rest
                )
                layers.append(neuron)
            elif kind in ("Input", "Output", "Flatten"):
                self._check_shape(node, kind, shape)
            else:
                if isinstance(before, FloatSynapses):
                    raise self._fault(f"follows the synapses {before.name!r}; put a neuron between them")
                layers.append(self._pool(node, kind) if kind in _POOLS else self._synapses(node, kind, shape))
        if not layers or isinstance(layers[-1], FloatPool):
            raise self._fault("the network must end in synapses or neurons")
        return FloatNetwork(self._path.stem, self._frame, tuple(layers))

    def _fault(self, what: str) -> UserError:
        return UserError(f"{self._path}: node {self._node!r}: {what}.")

    def _chain(self) -> list[tuple[str, Any]]:
        """The nodes from input to output."""
        try:
            import nir
        except ImportError as error:
            raise UserError("NIR files need the library nir: pip install 'ssnn-fpga[nir]'.") from error
        try:
            graph = nir.read(self._path, type_check=False)
        except FileNotFoundError as error:
            raise UserError(f"{self._path}: no such file; give a NIR file.") from error
        except AssertionError as error:
            raise UserError(f"{self._path}: holds a node that NIR does not know; write it anew.") from error
        except Exception as error:  # h5py and nir raise whatever they meet in a file that is none
            raise UserError(f"{self._path}: is no NIR file ({error}); write it anew.") from error
        if not isinstance(graph, nir.NIRGraph):
            raise UserError(f"{self._path}: holds no graph; write a whole network.")
        following: dict[str, str] = {}
        for source, target in graph.edges:
            self._node = source
            if source in following:
                raise self._fault("feeds two nodes; only chains of nodes are imported")
            following[source] = target
        starts = [name for name, node in graph.nodes.items() if type(node).__name__ == "Input"]
        if len(starts) != 1 or len(set(following.values())) < len(following):
            raise UserError(f"{self._path}: has several inputs or joins; only chains of nodes are imported.")
        chain: list[tuple[str, Any]] = []
        name = starts[0]
        while name in graph.nodes and len(chain) <= len(graph.nodes):
            chain.append((name, graph.nodes[name]))
            name = following.get(name, "")
        if len(chain) != len(graph.nodes) or type(chain[-1][1]).__name__ != "Output":
            raise UserError(f"{self._path}: is no chain from an input to an output; write it anew.")
        return chain

    def _check_shape(self, node: Any, kind: str, shape: tuple[int, int, int]) -> None:
        """An input or output states its size; a Flatten must flatten all of channels, rows and columns."""
        stated = node.input_type.get("input") if kind != "Output" else node.output_type.get("output")
        if stated is not None and int(np.prod(stated)) != int(np.prod(shape)):
            raise self._fault(
                f"has the shape {tuple(int(n) for n in np.ravel(stated))}, but here come {shape}; "
                "set the sensor's size and the spatial factor to fit"
            )
        if kind == "Flatten" and (int(node.start_dim) not in (0, 1) or int(node.end_dim) not in (-1, 2)):
            raise self._fault("flattens only some axes; flatten channels, rows and columns together")

    # Layers

    def _neuron(self, node: Any, kind: str, shape: tuple[int, int, int]) -> tuple[Reals, Reals, FloatNeuron]:
        """What multiplies the synapses' output (O,), what is added (O,), and the neuron."""
        threshold = self._by_channel(node.v_threshold, shape, "v_threshold")
        if self._by_channel(node.v_reset, shape, "v_reset").any():
            raise self._fault("is reset to another value than 0; make v_reset 0")
        gain, rest, leak, decay = self._by_channel(node.r, shape, "r"), np.zeros(shape[0]), 1.0, 0.0
        if kind != "IF":
            part, leak = self._step(node, "tau" if kind == "LIF" else "tau_mem", shape)
            gain = self._near_one(gain * part)
            rest = part * self._by_channel(node.v_leak, shape, "v_leak")
        if kind == "CubaLIF":
            part, decay = self._step(node, "tau_syn", shape)
            if self._late:
                raise self._fault("loses its new current with a late reset; train with reset_delay=False")
            if rest.any():
                raise self._fault("has a v_leak behind its synaptic current; make v_leak 0")
            gain = self._near_one(gain * part * self._by_channel(node.w_in, shape, "w_in"))
        if (threshold <= 0).any():
            raise self._fault("has a threshold that is not positive; train with positive ones")
        if self._late and self._reset == "subtract" and leak != 1:
            raise self._fault(
                "subtracts its threshold one step after the spike, from a membrane that has leaked: the "
                "hardware subtracts before the leak; train with reset_mechanism='zero', or without a leak"
            )
        return gain, rest, FloatNeuron(self._node, leak, threshold, True, self._reset, decay)

    def _step(self, node: Any, name: str, shape: tuple[int, int, int]) -> tuple[Reals, float]:
        """dt/τ for each channel, and 1 - dt/τ, of which a layer has one."""
        part = self._dt / self._by_channel(getattr(node, name), shape, name)
        if np.ptp(part) > _FLOAT32:
            raise self._fault(f"has neurons of different {name}; a layer has one")
        rest = _snapped(1 - float(part[0]))
        if not 0 <= rest <= 1:
            raise self._fault(
                f"its {name} of {self._dt / part[0]:g} s is shorter than a timestep of {self._dt:g} s; "
                "give its timestep with --dt (1e-4 for files of snnTorch, 1e-6 of Norse)"
            )
        return part, rest

    @staticmethod
    def _near_one(gain: Reals) -> Reals:
        """1 where float32 has left nearly 1."""
        return np.where(np.abs(gain - 1) < _FLOAT32, 1.0, gain)

    def _by_channel(self, values: ArrayLike, shape: tuple[int, int, int], what: str) -> Reals:
        """(C,) of a parameter with one value for the layer, for each channel or for each neuron."""
        given = np.asarray(values, np.float64)
        if given.size == int(np.prod(shape)):
            each = given.reshape(shape[0], -1)
            if (each != each[:, :1]).any():
                raise self._fault(f"its {what} varies within a channel; use one value for each channel")
            return each[:, 0]
        if given.size in (1, shape[0]):
            return np.broadcast_to(given.reshape(-1), shape[0]).copy()
        raise self._fault(f"its {what} has {given.size} values for a layer of shape {shape}")

    def _synapses(self, node: Any, kind: str, shape: tuple[int, int, int]) -> FloatSynapses:
        weight = np.asarray(node.weight, np.float64)
        bias = np.zeros(len(weight)) if kind == "Linear" else np.asarray(node.bias, np.float64).reshape(-1)
        if kind != "Conv2d":
            if weight.ndim != 2 or weight.shape[1] != int(np.prod(shape)):
                raise self._fault(f"its weights of shape {weight.shape} do not fit inputs of shape {shape}")
            return FloatSynapses(self._node, weight, bias)
        size, groups = weight.shape[2], int(node.groups)
        if weight.ndim != 4 or weight.shape[1] * groups != shape[0]:
            raise self._fault(f"its weights of shape {weight.shape} do not fit inputs of shape {shape}")
        stride = self._square(node.stride, "stride")
        named = node.padding.decode() if isinstance(node.padding, bytes) else node.padding
        if isinstance(named, str):
            if named == "same" and (stride != 1 or size % 2 == 0):
                raise self._fault("pads as 'same' with a stride or an even kernel; give numbers")
            padding = size // 2 if named == "same" else 0
        else:
            padding = self._square(named, "padding")
        if self._square(node.dilation, "dilation") != 1 or weight.shape[3] != size:
            raise self._fault("is dilated or its kernel is not square; use dilation 1 and a square")
        return FloatSynapses(self._node, weight, bias, stride, padding, groups)

    def _pool(self, node: Any, kind: str) -> FloatPool:
        size = self._square(node.kernel_size, "kernel_size")
        if self._square(node.stride, "stride") != size or self._square(node.padding, "padding") != 0:
            raise self._fault("its windows overlap or are padded; use stride = size and no padding")
        return FloatPool(self._node, "sum" if kind == "SumPool2d" else "mean", size)

    def _square(self, value: Any, what: str) -> int:
        numbers = {int(number) for number in np.ravel(value)}
        if len(numbers) != 1:
            raise self._fault(f"its {what} differs between rows and columns; make it the same")
        return numbers.pop()


def _snapped(leak: float) -> float:
    """The leak that a float32 tau was computed from, where that is on a grid of the hardware."""
    nearest = round(leak * 2**_FINEST_LEAK) / 2**_FINEST_LEAK
    return nearest if abs(nearest - leak) < _FLOAT32 else leak
