"""Boards as data: every description is whole, its files are there, and its numbers agree."""

from __future__ import annotations

import re

import pytest

from ssnn_fpga.boards import board as board_module
from ssnn_fpga.boards.board import boards, load_board
from ssnn_fpga.errors import UserError


@pytest.mark.parametrize("name", boards())
def test_files_are_there(name: str) -> None:
    board = load_board(name)
    assert board.name == name
    named = [*board.sources, *([board.constraints] if board.constraints else [])]
    assert all((board.folder / file).is_file() for file in named)


def test_unknown_board() -> None:
    with pytest.raises(
        UserError, match=r"no board 'de10': choose one of alveo-u250, alveo-u50, kv260, pynq-z2, ulx3s"
    ):
        load_board("de10")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("luts = 83640", "luts = -1"), r"budget\.luts"),
        (('family = "ecp5"', 'family = "machxo"'), "family"),
        (('flows = ["open"]', "flows = []"), "flows"),
        (("[budget]", "colour = 3\n[budget]"), r"serial\.colour"),
        (("[budget]", "[budget"), "not TOML"),
    ],
)
def test_bad_description(
    change: tuple[str, str], message: str, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pathlib import Path

    folder = Path(str(tmp_path)) / "boards" / "ulx3s"
    folder.mkdir(parents=True)
    text = (load_board("ulx3s").folder / "board.toml").read_text()
    assert change[0] in text
    (folder / "board.toml").write_text(text.replace(*change))
    monkeypatch.setattr(board_module, "hardware_directory", lambda: Path(str(tmp_path)))
    with pytest.raises(UserError, match=message):
        load_board("ulx3s")


def test_pll_gives_the_clock_of_the_description() -> None:
    board = load_board("ulx3s")
    pll = (board.folder / "pll.v").read_text()

    def divider(name: str) -> int:
        found = re.search(rf"\.{name}\((\d+)\)", pll)
        assert found
        return int(found[1])

    assert 25 / divider("CLKI_DIV") * divider("CLKFB_DIV") == board.clock_mhz
    assert 400 <= board.clock_mhz * divider("CLKOP_DIV") <= 800, "the VCO leaves its range"


@pytest.mark.parametrize(
    ("name", "pin"),
    [("ulx3s", r'LOCATE COMP "(.+?)"'), ("pynq-z2", r"PACKAGE_PIN \w+ \[get_ports \{?(.+?)\}?\]\n")],
)
def test_every_port_of_the_top_has_a_pin(name: str, pin: str) -> None:
    board = load_board(name)
    top = (board.folder / "top.sv").read_text().split(");")[0]
    ports = re.findall(r"(?:input|output)\s+logic\s+(?:\[(\d+):0\])?\s*(\w+)", top)
    pins = set(re.findall(pin, (board.folder / str(board.constraints)).read_text()))
    expected = {f"{port}[{i}]" for width, port in ports if width for i in range(int(width) + 1)}
    assert pins == expected | {port for width, port in ports if not width}
