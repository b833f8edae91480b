"""The resource model against the table of real synthesis that it was fitted to."""

from __future__ import annotations

import json

import pytest

from benchmarks.resource_fit import FAMILY, fit, parts
from benchmarks.resource_grid import TABLE
from benchmarks.resource_shapes import image_shape, matrix, matrix_literal
from ssnn_fpga.plan.resources import CALIBRATION_FILE, Calibration, Resources, estimate
from ssnn_fpga.plan.structure import MODULES, ram, terms

ROWS = json.loads(TABLE.read_text())[FAMILY]["rows"]
PARTS = [row for row in ROWS if row["module"] in MODULES]
WORST = 0.15
"""Largest error of the fitted model where a module of the grid takes more than 100 LUTs."""


def named(row: dict) -> str:
    return row["module"] + " " + " ".join(f"{k}={v}" for k, v in row["parameters"].items())


@pytest.mark.parametrize("row", PARTS, ids=named)
def test_the_model_says_what_synthesis_says(row: dict) -> None:
    expected = Calibration.load().resources(row["module"], parts(row))
    assert expected.block_rams == row["block_rams"]
    assert expected.dsps == row["dsps"]
    assert parts(row).ram_luts == row["ram_luts"]
    if row["luts"] > 100:
        assert expected.luts == pytest.approx(row["luts"], rel=WORST)


@pytest.mark.parametrize("row", [row for row in ROWS if row["module"] not in MODULES], ids=named)
def test_parts_add_up_to_whole_layers(row: dict) -> None:
    p = row["parameters"]
    common = {key.lower(): p[key] for key in ("PE", "SIMD", "TP", "ACT_BITS", "WEIGHT_BITS", "ACC_BITS")}
    whole = estimate("synapses", **common, depth=image_shape(row["module"], p)[1])
    shape = {key.lower(): p[key] for key in ("SIMD", "TP", "ACT_BITS")} | {"pe_groups": 1}
    if row["module"] == "conv":
        reader = "tap_reader" if p["TAP_SERIAL"] else "window_reader"
        shape |= {key.lower(): p[key] for key in ("HEIGHT", "WIDTH", "KERNEL", "STRIDE", "PADDING")}
        shape |= {"channels": p["IN_CHANNELS"], "group": p["IN_GROUP"]}
    else:
        reader = "frame_reader"
        shape["tokens"] = p["INPUTS"] // p["SIMD"]
    whole += estimate(reader, **shape, planes=p["TIMESTEPS"] * p["ACT_BITS"])
    assert whole.block_rams == row["block_rams"]
    assert whole.dsps == row["dsps"]
    assert whole.luts == pytest.approx(row["luts"], rel=WORST)


def test_the_coefficients_are_those_of_the_table() -> None:
    fitted, stored = fit(PARTS), json.loads(CALIBRATION_FILE.read_text())
    assert stored["flip_flops"] == pytest.approx(fitted.flip_flops)
    for module, coefficients in fitted.luts.items():
        assert stored["luts"][module] == pytest.approx(coefficients, abs=0.002), module


def test_a_memory_costs_by_its_ports_where_it_is_wide() -> None:
    """36 bits of each half block come out a cycle, however few words there are."""
    assert ram(720, 65).block_rams == 20
    assert ram(36, 512).block_rams == 1
    assert ram(36, 513).block_rams == 2
    assert ram(1, 16384).block_rams == 1
    assert ram(36, 64).block_rams == 0


def test_sums_add_every_resource() -> None:
    assert Resources(1, 2, 3, 4) + Resources(10, 20, 30, 40) == Resources(11, 22, 33, 44)


def test_the_matrix_of_the_grid_is_one_that_the_module_takes() -> None:
    parameters = {"T_IN": 8, "T_OUT": 3, "SHIFT": 5}
    entries = matrix(parameters)
    assert [sum(entries[row * 8 : row * 8 + 8]) for row in range(3)] == [32, 32, 32]
    size, digits = matrix_literal(parameters).split("'h")
    assert int(size) == 24 * 6
    assert [int(digits, 16) >> place * 6 & 63 for place in range(24)] == list(entries)


def test_terms_take_the_parameters_of_the_module() -> None:
    row = next(row for row in PARTS if row["module"] == "lif")
    with pytest.raises(TypeError):
        terms("lif", {**row["parameters"], "NO_SUCH": 1})
