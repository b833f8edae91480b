"""FASM to frames: on a database of two tiles, and on features of a routed design with Project X-Ray's own.

``fasm/sample.bits`` was written without this project's code, feature by feature with grep in the
database; xc7frames2bit and bitread, which know nothing of FASM, must give the same bits back.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from ssnn_fpga.boards.bit_file import binary_file, bit_file, configuration
from ssnn_fpga.boards.fasm import FRAME_WORDS, Database, fasm_to_frames, frames_text, set_bits, set_features
from ssnn_fpga.boards.tools import find_program, prjxray_database
from ssnn_fpga.errors import UserError

FOLDER = Path(__file__).parent / "fasm"
PART = "xc7z020clg400-1"
TILES = {
    "CLB_X0Y0": ("CLB", {"CLB_IO_CLK": {"baseaddr": "0x00000100", "offset": 3, "words": 2, "frames": 36}}),
    "RAM_X1Y0": (
        "RAM",
        {
            "CLB_IO_CLK": {"baseaddr": "0x00000200", "offset": 0, "words": 10, "frames": 28},
            "BLOCK_RAM": {"baseaddr": "0x00C00000", "offset": 10, "words": 10, "frames": 128},
        },
    ),
    "END_X2Y0": ("CLB", {"CLB_IO_CLK": {"baseaddr": "0x00000300", "offset": 0, "alias": {}}}),
}
SEGBITS = {
    "segbits_clb.db": "CLB.LUT.INIT[00] 01_02\nCLB.LUT.INIT[10] 00_33\n"
    "CLB.MUX.A 02_00 !02_01\nCLB.MUX.B !02_00 02_01\n",
    "segbits_ram.db": "RAM.WIDTH_18 05_100\n",
    "segbits_ram.block_ram.db": "RAM.INIT_00[255] 127_319\n",
    "ppips_clb.db": "CLB.IN.OUT always\n",
}


@pytest.fixture
def small(tmp_path: Path) -> Database:
    for part in ("xc7z020", PART):
        (tmp_path / "zynq7" / part).mkdir(parents=True)
    grid = {name: {"type": kind, "bits": bits} for name, (kind, bits) in TILES.items()}
    (tmp_path / "zynq7" / "xc7z020" / "tilegrid.json").write_text(json.dumps(grid))
    (tmp_path / "zynq7" / PART / "part.yaml").write_text("")
    for name, text in SEGBITS.items():
        (tmp_path / "zynq7" / name).write_text(text)
    return Database(tmp_path, "zynq7", PART)


def test_places_of_bits(small: Database) -> None:
    text = """
    # a comment
    CLB_X0Y0.LUT.INIT[10:0] = 11'b10000000001
    CLB_X0Y0.MUX.A
    CLB_X0Y0.IN.OUT            # a connection without a bit
    RAM_X1Y0.WIDTH_18
    RAM_X1Y0.INIT_00[255] = 1'b1
    CLB_X0Y0.LUT.INIT[3:0] = 4'b0000
    """
    expected = {
        "bit_00000101_003_02",  # offset 3, row 2
        "bit_00000100_004_01",  # row 33 is in the next word
        "bit_00000102_003_00",
        "bit_00000205_003_04",
        "bit_00c0007f_019_31",
    }
    frames = fasm_to_frames(text, small)
    assert set_bits(frames) == expected
    lines = frames_text(frames).splitlines()
    assert [line.split()[0] for line in lines] == sorted(f"0x{address:08X}" for address in frames)
    assert all(len(line.split()[1].split(",")) == FRAME_WORDS for line in lines)
    assert lines[0] == f"0x00000100 {','.join(['0x00000000'] * 4 + ['0x00000002'] + ['0x00000000'] * 96)}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("CLB_X9Y9.MUX.A", "has no tile CLB_X9Y9"),
        ("CLB_X0Y0.MUX.C", r"has no feature CLB_X0Y0\.MUX\.C\[0\]"),
        ("CLB_X0Y0.LUT.INIT[5:5] = 1'b1", r"has no feature CLB_X0Y0\.LUT\.INIT\[5\]"),
        ("CLB_X0Y0.MUX.A\nCLB_X0Y0.MUX.B", "MUX.B and CLB_X0Y0.MUX.A ask for different values"),
        ("END_X2Y0.MUX.A", "end of a bank of pins"),
        ("\nCLB_X0Y0.MUX.A == 1", "Line 2 of the FASM is not understood"),
        ("CLB_X0Y0.LUT.INIT[1:0] = 4'b1000", "Line 1 of the FASM sets more than its 2 bits"),
    ],
)
def test_refused(text: str, message: str, small: Database) -> None:
    with pytest.raises(UserError, match=message):
        fasm_to_frames(text, small)


def test_unknown_part(small: Database, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not know the part xc7z045ffg900-2: correct the board"):
        Database(tmp_path, "zynq7", "xc7z045ffg900-2")


def test_numbers_of_fasm() -> None:
    assert list(set_features("A.B[7:4] = 4'hA")) == [("A.B", 5), ("A.B", 7)]
    assert list(set_features("A.B[1:0] = 2\nC")) == [("A.B", 1), ("C", 0)]
    assert list(set_features("A.B[2] = 1 {annotated = x}")) == [("A.B", 2)]


def test_sample_of_a_routed_design(tmp_path: Path) -> None:
    if find_program("bitread") is None:
        pytest.skip("the open tools are not here: make toolchain")
    database = Database(prjxray_database(), "zynq7", PART)
    expected = set((FOLDER / "sample.bits").read_text().split())
    frames = fasm_to_frames((FOLDER / "sample.fasm").read_text(), database)
    assert set_bits(frames) == expected
    (tmp_path / "a.frames").write_text(frames_text(frames))
    part = ["--part_file", str(database.part_file), "--part_name", PART]
    for program, *arguments in (
        ["xc7frames2bit", *part, "--frm_file", "a.frames", "--output_file", "raw.bit"],
        ["bitread", "-part_file", str(database.part_file), "-y", "-z", "-o", "a.bits", "a.bit"],
    ):
        path = find_program(program)
        assert path is not None
        if program == "bitread":
            data = configuration((tmp_path / "raw.bit").read_bytes())
            (tmp_path / "a.bit").write_bytes(bit_file(data, "top", PART))
        subprocess.run([str(path), *arguments], cwd=tmp_path, check=True, capture_output=True)
    assert set((tmp_path / "a.bits").read_text().split()) == expected
    assert len(data) == 4045564, "the whole configuration of an XC7Z020"


def test_bit_files() -> None:
    data = bytes.fromhex("ffffffffaa995566")
    bit = bit_file(data, "top", PART)
    assert configuration(bit) == data
    assert binary_file(data) == bytes.fromhex("ffffffff665599aa")
    for damaged in (b"", bit[:-1], bit[4:], bit.replace(b"b\0", b"q\0", 1)):
        with pytest.raises(ValueError, match=r"\.bit file"):
            configuration(damaged)
