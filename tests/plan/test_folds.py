"""Folds: what a layer allows, what is refused, and how folds are set by hand."""

from __future__ import annotations

import pytest

from ssnn_fpga.errors import UserError
from ssnn_fpga.plan.folds import FoldSpace, parse_overrides

WINDOW = FoldSpace("conv1", outputs=6, inputs=18, timesteps=4, bits=2, pads_inputs=True)
FRAME = FoldSpace("fc", outputs=10, inputs=12, timesteps=1, bits=1, pads_inputs=False)


def test_every_fold_of_a_window_obeys_the_loop_order() -> None:
    folds = list(WINDOW.folds({}))
    assert len(folds) == len(set(folds))
    assert {fold.pe for fold in folds} == {1, 2, 3, 6}
    assert {fold.tp for fold in folds} == {1, 2, 4, 8}
    assert {fold.simd for fold in folds} == {1, 2, 3, 4, 5, 6, 9, 18}
    for fold in folds:
        assert (4 * 2) % fold.tp == 0
        assert max(1, fold.tp // 2) % fold.tl == 0


def test_a_frame_arrives_in_whole_tokens() -> None:
    assert {fold.simd for fold in FRAME.folds({})} == {1, 2, 3, 4, 6, 12}


def test_an_override_is_kept() -> None:
    folds = list(WINDOW.folds({"pe": 3, "simd": 7}))
    assert folds
    assert {(fold.pe, fold.simd) for fold in folds} == {(3, 7)}


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ({"pe": 4}, "conv1: pe = 4 does not divide 6 output channels; use 1, 2, 3, 6"),
        ({"simd": 19}, "conv1: simd = 19 does not divide 18 inputs"),
        ({"tp": 3}, "conv1: tp = 3 does not divide 8 planes of 2-bit values; use 1, 2, 4, 8"),
        ({"tp": 4, "tl": 4}, "conv1: tl = 4 does not divide 2 resident timesteps; use 1, 2"),
        ({"tl": 3}, "conv1: tl = 3 does not divide 4 timesteps; use 1, 2, 4"),
        ({"lanes": 3}, "there is no 'lanes'; use pe, simd, tp, tl"),
    ],
)
def test_what_does_not_divide_is_named(override: dict[str, int], message: str) -> None:
    with pytest.raises(UserError, match=message):
        list(WINDOW.folds(override))


def test_a_frame_refuses_a_fold_that_leaves_a_rest() -> None:
    with pytest.raises(UserError, match="fc: simd = 5 does not divide 12 inputs; use 1, 2, 3, 4, 6, 12"):
        list(FRAME.folds({"simd": 5}))


def test_overrides_are_read() -> None:
    assert parse_overrides(["conv1.pe=8", "conv1.tl=2", "fc.simd=4"]) == {
        "conv1": {"pe": 8, "tl": 2},
        "fc": {"simd": 4},
    }
    for wrong in ("conv1.pe", "conv1.pe=0", "conv1.lanes=3", "pe=4"):
        with pytest.raises(UserError, match=r"is not of the form layer\.key=value"):
            parse_overrides([wrong])
