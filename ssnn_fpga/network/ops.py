"""The project's own ONNX operators, Lif, TemporalTransform and EarlyExit: function bodies, qonnx classes.

Axis 0 of every tensor is time. The bodies consist of standard operators, so a runtime that has
never heard of this project runs a file that carries them (``append_functions``). qonnx finds the
classes by importing the domain's name as a module, which is this one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import parser
from qonnx.core.datatype import DataType
from qonnx.custom_op.base import CustomOp

from ssnn_fpga.errors import UserError

DOMAIN = "ssnn_fpga.network.ops"
DOMAIN_VERSION = 1
QUANT_DOMAIN = "qonnx.custom_op.general"
OPSET = 20
"""The standard operators' version of the files that this project writes."""
_OLDEST_OPSET = 15  # the first with CastLike, and with a Shape that slices

# X (T, C, ...) holds accumulators times scale; theta and bias are integers (C,). Dividing by the
# scale and rounding gives the accumulators back. Mod takes the divisor's sign, which makes the
# leak and the filter's decay round towards minus infinity; Div truncates, which the clipping at 0
# makes harmless.
_LIF = """
<domain: "ssnn_fpga.network.ops", opset_import: ["": OPSET]>
Lif <leak_multiplier: int = 1, leak_shift: int = 1, levels: int = 1, strict: int = 0,
     reset_to_zero: int = 0, fraction: int = 4, filter_shift: int = 0>
(X, scale, theta, bias) => (S)
{
  zero = Constant <value_int: int = 0> ()
  two = Constant <value_int: int = 2> ()
  multiplier = Constant <value_int: int = @leak_multiplier> ()
  shift = Constant <value_int: int = @leak_shift> ()
  most = Constant <value_int: int = @levels> ()
  beyond = Constant <value_int: int = @strict> ()
  to_zero = Constant <value_int: int = @reset_to_zero> ()
  bits = Constant <value_int: int = @fraction> ()
  filter = Constant <value_int: int = @filter_shift> ()
  divisor = Pow (two, shift)
  decay = Pow (two, filter)
  grid = Pow (two, bits)
  resets_to_zero = Cast <to: int = 9> (to_zero)

  pixels = Constant <value_ints: ints = [0, 0, -1]> ()
  column = Constant <value_ints: ints = [-1, 1]> ()
  x = Reshape (X, pixels)
  scale_like = CastLike (scale, X)
  scale_column = Reshape (scale_like, column)
  quotient = Div (x, scale_column)
  rounded = Round (quotient)
  a = Cast <to: int = 7> (rounded)
  threshold = Reshape (theta, column)
  offset = Reshape (bias, column)
  scaled = Mul (a, grid)
  drive = Add (scaled, offset)

  first = Gather <axis: int = 0> (drive, zero)
  start = Sub (first, first)
  c_end, v_end, spikes = Scan <num_scan_inputs: int = 1, body: graph = timestep
    (int64[C, P] c, int64[C, P] v, int64[C, P] drive_t)
    => (int64[C, P] c_next, int64[C, P] v_next, int64[C, P] s)
    {
      c_below = Mod (c, decay)
      c_whole = Sub (c, c_below)
      c_decayed = Div (c_whole, decay)
      c_left = Sub (c, c_decayed)
      c_next = Add (c_left, drive_t)
      product = Mul (v, multiplier)
      below = Mod (product, divisor)
      whole = Sub (product, below)
      leaked = Div (whole, divisor)
      u = Add (leaked, c_next)
      above = Sub (u, beyond)
      reached = Div (above, threshold)
      s = Clip (reached, zero, most)
      taken = Mul (s, threshold)
      v_subtract = Sub (u, taken)
      fired = Greater (s, zero)
      v_zero = Where (fired, zero, u)
      v_next = Where (resets_to_zero, v_zero, v_subtract)
    }> (start, start, drive)

  spikes_float = Cast <to: int = 1> (spikes)
  shape = Shape (X)
  S = Reshape (spikes_float, shape)
}
"""

# X (T1, ...) holds unsigned integers, so the truncating Div is the contract's shift.
_TEMPORAL_TRANSFORM = """
<domain: "ssnn_fpga.network.ops", opset_import: ["": OPSET]>
TemporalTransform <shift: int = 4, fraction: int = 1> (X, matrix) => (Y)
{
  two = Constant <value_int: int = 2> ()
  s = Constant <value_int: int = @shift> ()
  f = Constant <value_int: int = @fraction> ()
  divisor = Pow (two, s)
  gain = Pow (two, f)
  half = Div (divisor, two)

  rows = Constant <value_ints: ints = [0, -1]> ()
  flat = Reshape (X, rows)
  rounded = Round (flat)
  x = Cast <to: int = 7> (rounded)
  summed = MatMul (matrix, x)
  raised = Mul (summed, gain)
  biased = Add (raised, half)
  y = Div (biased, divisor)

  timesteps = Shape <start: int = 0, end: int = 1> (matrix)
  rest = Shape <start: int = 1> (X)
  shape = Concat <axis: int = 0> (timesteps, rest)
  y_float = Cast <to: int = 1> (y)
  Y = Reshape (y_float, shape)
}
"""

# E (O,) and L (O,) are logits of one sample; scale is what one integer step of E is worth, and the
# margin counts such steps.
_EARLY_EXIT = """
<domain: "ssnn_fpga.network.ops", opset_import: ["": OPSET]>
EarlyExit <margin: int = 0> (E, scale, L) => (Y)
{
  zero = Constant <value_int: int = 0> ()
  one = Constant <value_int: int = 1> ()
  pair = Constant <value_ints: ints = [2]> ()
  least = Constant <value_int: int = @margin> ()
  scale_like = CastLike (scale, E)
  quotient = Div (E, scale_like)
  rounded = Round (quotient)
  logits = Cast <to: int = 7> (rounded)
  top, places = TopK (logits, pair)
  first = Gather (top, zero)
  second = Gather (top, one)
  lead = Sub (first, second)
  sure = GreaterOrEqual (lead, least)
  Y = Where (sure, E, L)
}
"""

# Integers of `bits` bits around the zero point: signed -2**(bits-1) .. 2**(bits-1) - 1, without the
# lowest if narrow; unsigned 0 .. 2**bits - 1, without the highest if narrow. Rounds half to even.
_QUANT = """
<domain: "qonnx.custom_op.general", opset_import: ["": OPSET]>
Quant <signed: int = 1, narrow: int = 0> (X, scale, zero_point, bits) => (Y)
{
  zero = Constant <value_float: float = 0.0> ()
  one = Constant <value_float: float = 1.0> ()
  two = Constant <value_float: float = 2.0> ()
  signed_int = Constant <value_int: int = @signed> ()
  narrow_int = Constant <value_int: int = @narrow> ()
  is_signed = Cast <to: int = 9> (signed_int)
  spared = Cast <to: int = 1> (narrow_int)

  fewer = Sub (bits, one)
  half_range = Pow (two, fewer)
  full_range = Pow (two, bits)
  signed_lowest = Neg (half_range)
  signed_low = Add (signed_lowest, spared)
  signed_high = Sub (half_range, one)
  unsigned_highest = Sub (full_range, one)
  unsigned_high = Sub (unsigned_highest, spared)
  low = Where (is_signed, signed_low, zero)
  high = Where (is_signed, signed_high, unsigned_high)

  quotient = Div (X, scale)
  shifted = Add (quotient, zero_point)
  rounded = Round (shifted)
  floored = Max (rounded, low)
  clipped = Min (floored, high)
  centred = Sub (clipped, zero_point)
  Y = Mul (centred, scale)
}
"""

_BIPOLAR_QUANT = """
<domain: "qonnx.custom_op.general", opset_import: ["": OPSET]>
BipolarQuant (X, scale) => (Y)
{
  zero = Constant <value_float: float = 0.0> ()
  negated = Neg (scale)
  positive = GreaterOrEqual (X, zero)
  Y = Where (positive, scale, negated)
}
"""

_BODIES = {
    (DOMAIN, "Lif"): _LIF,
    (DOMAIN, "TemporalTransform"): _TEMPORAL_TRANSFORM,
    (DOMAIN, "EarlyExit"): _EARLY_EXIT,
    (QUANT_DOMAIN, "Quant"): _QUANT,
    (QUANT_DOMAIN, "BipolarQuant"): _BIPOLAR_QUANT,
}


def append_functions(model: onnx.ModelProto) -> onnx.ModelProto:
    """A copy of ``model`` with a body for each operator in it that a plain runtime does not know.

    Bodies that are already there are replaced. Raises UserError for a Quant node that rounds in
    another way than half to even, which the body does not offer, and for a model in an older
    version of the standard operators than the bodies need.
    """
    result = onnx.ModelProto()
    result.CopyFrom(model)
    standard = next((entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")), OPSET)
    if standard < _OLDEST_OPSET:
        raise UserError(f"the model uses opset {standard}; export it with opset {_OLDEST_OPSET} or later")
    used = {(node.domain, node.op_type) for node in model.graph.node} & set(_BODIES)
    kept = [function for function in model.functions if (function.domain, function.name) not in used]
    result.ClearField("functions")
    result.functions.extend(kept)
    for node in model.graph.node:
        if (node.domain, node.op_type) == (QUANT_DOMAIN, "Quant"):
            _check_rounding(node)
    for domain, name in sorted(used):
        body = _BODIES[domain, name].replace("OPSET", str(standard))
        function = parser.parse_function(body)
        function.doc_string = f"Body of {name} in standard operators"
        result.functions.append(function)
    return result


def _check_rounding(node: onnx.NodeProto) -> None:
    for attribute in node.attribute:
        if attribute.name == "rounding_mode" and attribute.s.upper() not in (b"ROUND", b"HALF_EVEN"):
            raise UserError(
                f"node {node.name!r}: Quant with rounding mode {attribute.s.decode()!r} is not supported; "
                "export it with ROUND"
            )


class _FunctionOp(CustomOp):  # type: ignore[misc]
    """A qonnx operator whose meaning is its ONNX function body."""

    def verify_node(self) -> list[str]:
        """Nothing to report: the importer checks nodes."""
        return []

    def infer_node_datatype(self, model: Any) -> None:
        """Outputs are unsigned integers, held in floats."""
        model.set_tensor_datatype(self.onnx_node.output[0], DataType["UINT32"])

    def execute_node(self, context: dict[str, Any], graph: Any) -> None:
        """Run the function body under onnxruntime."""
        from onnxruntime import InferenceSession

        node = self.onnx_node
        given = {name: np.asarray(context[name]) for name in node.input}
        inputs = [
            onnx.helper.make_tensor_value_info(
                name, onnx.helper.np_dtype_to_tensor_dtype(value.dtype), value.shape
            )
            for name, value in given.items()
        ]
        outputs = [onnx.helper.make_tensor_value_info(node.output[0], onnx.TensorProto.FLOAT, None)]
        model = onnx.helper.make_model(
            onnx.helper.make_graph([node], "one_node", inputs, outputs),
            opset_imports=[
                onnx.helper.make_opsetid("", OPSET),
                onnx.helper.make_opsetid(DOMAIN, DOMAIN_VERSION),
            ],
            ir_version=10,
        )
        session = InferenceSession(append_functions(model).SerializeToString())
        context[node.output[0]] = session.run(None, given)[0]


class Lif(_FunctionOp):
    """Leaky integrate-and-fire neuron: X (T, C, ...), scale, theta (C,), bias (C,) to spikes."""

    def get_nodeattr_types(self) -> dict[str, Any]:
        """Attribute name -> (field, required, default)."""
        return {
            "leak_multiplier": ("i", False, 1),
            "leak_shift": ("i", False, 1),
            "levels": ("i", False, 1),
            "strict": ("i", False, 0),
            "reset_to_zero": ("i", False, 0),
            "fraction": ("i", False, 4),
            "filter_shift": ("i", False, 0),
        }

    def make_shape_compatible_op(self, model: Any) -> onnx.NodeProto:
        """An operator whose output has the shape of this one's."""
        return onnx.helper.make_node("Relu", [self.onnx_node.input[0]], [self.onnx_node.output[0]])


class TemporalTransform(_FunctionOp):
    """Temporal transformer: X (T1, ...), matrix (T2, T1) to (T2, ...)."""

    def get_nodeattr_types(self) -> dict[str, Any]:
        """Attribute name -> (field, required, default)."""
        return {"shift": ("i", False, 4), "fraction": ("i", False, 1)}

    def make_shape_compatible_op(self, model: Any) -> onnx.NodeProto:
        """An operator whose output has the shape of this one's."""
        source, matrix = (model.get_tensor_shape(name) for name in self.onnx_node.input)
        node: onnx.NodeProto = super().make_const_shape_op([matrix[0], *source[1:]])
        return node


class EarlyExit(_FunctionOp):
    """Early exit: logits E (O,), scale, later logits L (O,) to the logits that count."""

    def get_nodeattr_types(self) -> dict[str, Any]:
        """Attribute name -> (field, required, default)."""
        return {"margin": ("i", True, 0)}

    def make_shape_compatible_op(self, model: Any) -> onnx.NodeProto:
        """An operator whose output has the shape of this one's."""
        return onnx.helper.make_node("Relu", [self.onnx_node.input[0]], [self.onnx_node.output[0]])

    def infer_node_datatype(self, model: Any) -> None:
        """Logits are real numbers."""
        model.set_tensor_datatype(self.onnx_node.output[0], DataType["FLOAT32"])


custom_op = {"Lif": Lif, "TemporalTransform": TemporalTransform, "EarlyExit": EarlyExit}
