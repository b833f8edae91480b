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


def test_a_convolution_scatters_only_where_it_is_told_to() -> None:
    space = FoldSpace("conv1", 6, 18, timesteps=4, bits=2, pads_inputs=True, channels=2, reach=3)
    assert {fold.scatter for fold in space.folds({})} == {0}
    folds = list(space.folds({"scatter": 9, "pe": 3}))
    assert {(fold.pe, fold.scatter, fold.taps) for fold in folds} == {(3, 9, 0)}
    assert {fold.simd for fold in folds} == {1, 2}
    assert {fold.tp for fold in folds} == {2, 4, 8}
    assert {fold.scatter for fold in space.scatters({})} == {1, 3, 9}
    assert list(space.scatters({"taps": 0})) == list(space.scatters({"scatter": 0})) == []
    assert list(space.folds({"scatter": 3, "taps": 0}))


@pytest.mark.parametrize(
    ("space", "override", "message"),
    [
        (
            FRAME,
            {"scatter": 1},
            "fc: scatter = 1 is for convolutions of one group, and this is a dense layer",
        ),
        (
            FoldSpace("conv1", 6, 9, 1, 1, True, channels=1, groups=6, reach=3),
            {"scatter": 1},
            "scatter = 1 is for convolutions of one group, and this is a convolution of several groups",
        ),
        (WINDOW, {"scatter": 2}, "conv1: scatter = 2 windows at once is none of the ways to scatter; use 1"),
        (WINDOW, {"scatter": 1, "taps": 1}, "conv1: scatter = 1 goes without taps; leave one of the two out"),
        (WINDOW, {"scatter": 1, "streamed": 8}, "conv1: scatter = 1 goes without streamed"),
        (WINDOW, {"scatter": 1, "simd": 2}, "conv1: simd = 2 does not divide 1 input channels; use 1"),
        (WINDOW, {"scatter": 1, "pe": 4}, "conv1: pe = 4 does not divide 6 output channels"),
        (WINDOW, {"scatter": 1, "tp": 1}, "conv1: tp = 1 does not divide 4 timesteps of 2 planes into whole"),
        (WINDOW, {"scatter": 1, "tp": 2, "tl": 2}, "conv1: tl = 2 does not divide 1 resident timesteps"),
    ],
)
def test_a_way_to_scatter_that_is_none_is_refused(
    space: FoldSpace, override: dict[str, int], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        list(space.folds(override))


def test_a_frame_refuses_a_fold_that_leaves_a_rest() -> None:
    with pytest.raises(UserError, match="fc: simd = 5 does not divide 12 inputs; use 1, 2, 3, 4, 6, 12"):
        list(FRAME.folds({"simd": 5}))


def test_overrides_are_read() -> None:
    assert parse_overrides(["conv1.pe=8", "conv1.tl=2", "conv1.scatter=3", "fc.simd=4"]) == {
        "conv1": {"pe": 8, "tl": 2, "scatter": 3},
        "fc": {"simd": 4},
    }
    for wrong in ("conv1.pe", "conv1.pe=0", "conv1.lanes=3", "pe=4"):
        with pytest.raises(UserError, match=r"is not of the form layer\.key=value"):
            parse_overrides([wrong])
