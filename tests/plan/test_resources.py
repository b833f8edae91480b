"""The resource model against the table of real synthesis that it was fitted to."""

from __future__ import annotations

import json

import pytest

from benchmarks.resource_fit import FAMILY, fit, parts
from benchmarks.resource_grid import TABLE, image_shape, matrix
from ssnn_fpga.plan.resources import CALIBRATION_FILE, MODULES, Calibration, Resources, estimate, ram, terms

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
    reader = "window_reader" if row["module"] == "conv" else "frame_reader"
    common = {key.lower(): p[key] for key in ("PE", "SIMD", "TP", "ACT_BITS", "WEIGHT_BITS", "ACC_BITS")}
    whole = estimate("synapses", **common, depth=image_shape(row["module"], p)[1])
    shape = {key.lower(): p[key] for key in ("SIMD", "TP", "ACT_BITS")} | {"pe_groups": 1}
    if reader == "window_reader":
        shape |= {key.lower(): p[key] for key in ("HEIGHT", "WIDTH", "KERNEL", "STRIDE", "PADDING")}
        shape |= {"channels": p["IN_CHANNELS"], "group": p["IN_GROUP"]}
    else:
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
    value, bits = int(matrix(parameters).split("h")[1], 16), 6
    entries = [value >> (i * bits) & 63 for i in range(24)]
    assert [sum(entries[row * 8 : row * 8 + 8]) for row in range(3)] == [32, 32, 32]


def test_terms_take_the_parameters_of_the_module() -> None:
    row = next(row for row in PARTS if row["module"] == "lif")
    with pytest.raises(TypeError):
        terms("lif", {**row["parameters"], "NO_SUCH": 1})
