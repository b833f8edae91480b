"""Faults that the benches must catch: textual edits of the hardware library, each with its bench."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sim.bench import run_bench
from tests.hardware.test_early_exit import test_early_exit
from tests.hardware.test_image_loader import test_chain, test_stream_gate
from tests.hardware.test_lif import SHAPES, run_lif
from tests.hardware.test_pool import test_pool
from tests.hardware.test_readout import test_readout
from tests.hardware.test_stream_fork import test_stream_fork
from tests.hardware.test_temporal_transform import test_temporal_transform

_STALLS = (0.4, 0.4, False)
"""Of the input, of the output, and whether the sink hangs."""


def _lif(shape: str) -> None:
    run_lif(SHAPES[shape], _STALLS[:2], seed=4)


# The smallest convolution with padding, several folds, planes in turns and PE groups: most of a
# check is the build.
_CONV = {
    "small": {
        "HEIGHT": 5, "WIDTH": 6, "IN_CHANNELS": 1, "IN_GROUP": 1, "TIMESTEPS": 2, "ACT_BITS": 1,
        "KERNEL": 3, "STRIDE": 1, "PADDING": 1, "OUT_CHANNELS": 2, "PE": 1, "SIMD": 5, "TP": 1,
        "WEIGHT_BITS": 2, "ACC_BITS": 6,
    },
}  # fmt: skip


def _conv(shape: str, activity: float = 0.15, stall_in: float = 0.4) -> None:
    config = {"frames": 4, "activity": activity, "stall_in": stall_in, "stall_out": 0.4, "loaded": False}
    run_bench("conv", bench="bench_conv", parameters=_CONV[shape], seed=5, config=config)


def _starved_conv(shape: str) -> None:
    """The kernel waits for its input, and what lay in the rows before is not zero."""
    _conv(shape, activity=1.0, stall_in=0.95)


def _pool(shape: str) -> None:
    test_pool(shape, _STALLS)


def _readout(shape: str) -> None:
    test_readout(shape, _STALLS)


def _temporal_transform(shape: str) -> None:
    test_temporal_transform(shape, _STALLS)


def _early_exit(traffic: str) -> None:
    test_early_exit("ten-classes", traffic)


def _loader_chain(stall: str) -> None:
    test_chain(float(stall))


def _stream_gate(shape: str) -> None:
    test_stream_gate(_STALLS[:2])


@dataclass(frozen=True)
class Mutant:
    """A fault: edits (old text, new text) of one file, and the bench and shape that must see it."""

    file: str
    edits: tuple[tuple[str, str], ...]
    bench: Callable[[str], None]
    shape: str

    def apply(self, rtl: Path) -> None:
        """Edit the copy in ``rtl``. Raises ValueError unless every old text occurs exactly once."""
        path = rtl / self.file
        text = path.read_text()
        for old, new in self.edits:
            if text.count(old) != 1:
                raise ValueError(f"{self.file} holds {text.count(old)} times, not once: {old!r}")
            text = text.replace(old, new)
        path.write_text(text)


# An edit must leave every signal in use, or Verilator refuses the mutant before a bench sees it.
MUTANTS = {
    "neuron-fires-above-instead-of-at-threshold": Mutant(
        "lif.sv", (("margin >= 0)", "margin > 0)"),), _lif, "on-the-threshold"
    ),
    "strict-neuron-fires-at-threshold": Mutant(
        "lif.sv", (("? margin > 0 :", "? margin >= 0 :"),), _lif, "levels-zero-strict"
    ),
    "leak-dropped": Mutant("lif.sv", (("= LEAK_MULT;", "= 1 << LEAK_SHIFT;"),), _lif, "half-leak"),
    "leak-rounds-towards-zero": Mutant(
        "lif.sv",
        (
            (
                "+ scaled(SUM_BITS'(former))",
                "+ scaled(SUM_BITS'(former))"
                " + (former < 0 ? SUM_BITS'((1 << LEAK_SHIFT) - 1) : SUM_BITS'(0))",
            ),
        ),
        _lif,
        "on-the-threshold",
    ),
    "reset-to-zero-instead-of-subtract": Mutant(
        "lif.sv", (("if (RESET_ZERO != 0)", "if (RESET_ZERO == 0)"),), _lif, "half-leak"
    ),
    "reset-subtract-instead-of-to-zero": Mutant(
        "lif.sv",
        (("if (RESET_ZERO != 0)", "if (RESET_ZERO != 0 && result.spiked == 0)"),),
        _lif,
        "no-leak-reset-zero",
    ),
    "membrane-survives-the-pixel": Mutant(
        "lif.sv",
        (
            (
                "drive_first_q ? '0 : chosen(membrane_q)",
                "drive_first_q && drive_last_q ? '0 : chosen(membrane_q)",
            ),
        ),
        _lif,
        "half-leak",
    ),
    "bias-left-out-of-skipped-window": Mutant(
        "lif.sv",
        (
            ("logic accept, unused_skipped;", "logic accept, unused_skipped, skipped_q;"),
            ("token_first_q <= chunk_first;", "token_first_q <= chunk_first; skipped_q <= in_skipped_i;"),
            (
                "signed'(word_q[p*FIELD+THETA_BITS+:BIAS_BITS])",
                "skipped_q ? BIAS_BITS'(0) : signed'(word_q[p*FIELD+THETA_BITS+:BIAS_BITS])",
            ),
        ),
        _lif,
        "half-leak",
    ),
    "filter-decays-too-slowly": Mutant(
        "lif.sv", (("former >>> FILTER_SHIFT", "former >>> (FILTER_SHIFT + 1)"),), _lif, "filter"
    ),
    "spike-planes-swapped": Mutant(
        "lif.sv", (("= counts[i];", "= counts[i ^ 1];"),), _lif, "learned-leak-strict"
    ),
    "valid-ignores-ready": Mutant(
        "stream_register.sv",
        (("!out_valid_o || out_ready_i;", "!out_valid_o || out_ready_i || out_valid_o;"),),
        _pool,
        "spikes-or",
    ),
    "kernel-takes-without-room": Mutant(
        "popcount_kernel.sv",
        (("beat_ready_o = !promised_q[FULL_BIT];", "beat_ready_o = 1'b1;"),),
        _conv,
        "small",
    ),
    "wrong-weight-bit": Mutant(
        "conv.sv",
        (
            (
                ".write_en_i, .write_addr_i, .write_data_i\n",
                ".write_en_i, .write_addr_i,\n"
                "    .write_data_i(write_data_i ^ (PE*SIMD*WEIGHT_BITS)'(write_addr_i == '0))\n",
            ),
        ),
        _conv,
        "small",
    ),
    "line-buffer-column-off-by-one": Mutant(
        "line_buffer.sv",
        (("(ADDRESS_BITS'(place_q))", "(ADDRESS_BITS'(place_q + 1'b1))"),),
        _conv,
        "small",
    ),
    "line-buffer-row-off-by-one": Mutant(
        "line_buffer.sv",
        (("bank_after(top_bank_q, k)", "bank_after(top_bank_q, k + 1)"),),
        _conv,
        "small",
    ),
    "line-buffer-reads-an-unfinished-row": Mutant(
        "line_buffer.sv", (("held_q >= needed", "held_q + 1'b1 >= needed"),), _starved_conv, "small"
    ),
    "line-buffer-pads-one-row-late": Mutant(
        "line_buffer.sv",
        (("int'(top_q) + k < HEIGHT;", "int'(top_q) + k <= HEIGHT;"),),
        _conv,
        "small",
    ),
    "planes-swapped": Mutant(
        "window_reader.sv",
        (("(KY*PLANES + p)*GROUP", "(KY*PLANES + (p ^ 1))*GROUP"),),
        _conv,
        "small",
    ),
    "accumulator-not-cleared": Mutant(
        "popcount_array.sv",
        ((".first_i (add_first)", ".first_i (add_first && !add_skip)"),),
        _conv,
        "small",
    ),
    "pool-reads-a-stale-word": Mutant(
        "pool.sv",
        (("forward_q ? joined_q : stored;", "forward_q && first_q ? joined_q : stored;"),),
        _pool,
        "levels-maximum",
    ),
    "pool-keeps-the-last-window": Mutant(
        "pool.sv", (("& ~first_q;", "& ~(first_q && last_q);"),), _pool, "sum-of-3x3"
    ),
    "tie-goes-to-the-last-class": Mutant(
        "readout.sv", (("logit_q > largest_q", "logit_q >= largest_q"),), _readout, "all-at-once"
    ),
    "readout-bias-counted-once": Mutant(
        "readout.sv", (("LOGIT_BITS'(TIMESTEPS)", "LOGIT_BITS'(1)"),), _readout, "padded-group"
    ),
    "transform-does-not-round": Mutant(
        "temporal_transform.sv",
        (("(1 << SHIFT) >> 1)", "(1 << SHIFT) >> 31)"),),
        _temporal_transform,
        "counts-by-sums",
    ),
    "copy-given-twice": Mutant(
        "stream_fork.sv",
        (("{OUTPUTS{token_valid}} & ~taken_q", "{OUTPUTS{token_valid}}"),),
        test_stream_fork,
        "stalls",
    ),
    "exit-needs-more-than-the-margin": Mutant(
        "early_exit.sv",
        (("< MARGIN_BITS'(MARGIN)", "<= MARGIN_BITS'(MARGIN)"),),
        _early_exit,
        "full-rate",
    ),
    "exits-without-limit": Mutant(
        "early_exit.sv", (("sure_q && owed_q != OWED_BITS'(DEPTH)", "sure_q"),), _early_exit, "final-late"
    ),
    "loaded-while-a-word-waits": Mutant(
        "image_loader.sv", (("loaded_q && !word_valid", "loaded_q"),), _loader_chain, "0.4"
    ),
    "gate-closes-in-mid-frame": Mutant(
        "stream_gate.sv", (("(accept ? !last : count_q != '0)", "(accept && !last)"),), _stream_gate, "gate"
    ),
}
