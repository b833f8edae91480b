"""A board with a serial port in simulation: the very top level and sources that were synthesised.

The object is a transport for ``runtime.SerialAccelerator``, so the driver that talks to the board
talks to this one too, bit by bit over the simulated line.
"""

from __future__ import annotations

import re
import shutil
import struct
import subprocess
from pathlib import Path
from types import TracebackType

from ssnn_fpga.boards.board import Board, load_board
from ssnn_fpga.boards.staging import DESIGN_INCLUDE
from ssnn_fpga.boards.step import run_step
from ssnn_fpga.boards.tools import require, verilator_home
from ssnn_fpga.errors import UserError
from ssnn_fpga.runtime.layout import image_beside
from ssnn_fpga.runtime.manifest import Manifest
from ssnn_fpga.runtime.serial_device import SerialAccelerator

_SIM = Path(__file__).resolve().parents[2] / "sim"
_MODELS = {"ecp5": (_SIM / "ecp5" / "EHXPLLL.v",)}
_HARNESS = _SIM / "uart_harness" / "serial_board.cpp"
_PROGRAM = "serial_board"
# The last one: the package from pip was configured without a compiler and does not know how g++
# takes its precompiled header.
_MAKE = ("OPT_FAST=-O2", "OPT_SLOW=-O1", "OPT_GLOBAL=-O2", "CFG_CXXFLAGS_PCH_I=-include")


def compile_serial_board(board: Board, sources: Path, out: Path, *, progress: bool = True) -> Path:
    """The program that simulates ``board`` with the staged ``sources`` of its bitstream.

    ``sources`` is the folder ``sources`` beside a bitstream, or one that ``staging.stage`` filled.
    ``out`` is emptied and holds the build. Raises UserError for a missing tool.
    """
    models = _MODELS.get(board.family)
    if models is None or board.serial is None:
        raise UserError(f"{board.name} has no serial top level to simulate: choose the board ulx3s.")
    if not _HARNESS.is_file():
        raise UserError("Simulating a board needs sim/, which only a checkout of the project has.")
    for tool in ("perl", "make", "g++"):
        require(tool)
    hdl = sorted(path.name for path in sources.iterdir() if path.suffix in (".sv", ".v"))
    if not hdl:
        raise UserError(f"{sources} holds no sources: build the bitstream first.")
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    arguments = ["--cc", "--exe", "--build", "-j", "2", "-O3", "-Wno-fatal", "-Wno-lint"]
    arguments += ["--x-assign", "unique", "--x-initial", "unique", "-I."]
    arguments += [word for setting in _MAKE for word in ("-MAKEFLAGS", setting)]
    arguments += ["-CFLAGS", f"-DCLOCKS_PER_BIT={_clocks_per_bit(sources)}"]
    arguments += ["--top-module", board.top, "--prefix", "Vtop", "--Mdir", str(out.resolve()), "-o", _PROGRAM]
    run_step(
        "verilator",
        [*arguments, *hdl, *map(str, models), str(_HARNESS)],
        folder=sources,
        log=out / "build.log",
        title=f"compiling the simulation of {board.name}",
        progress=progress,
        environment={"VERILATOR_ROOT": str(verilator_home())},
    )
    return out / _PROGRAM


def _clocks_per_bit(sources: Path) -> int:
    """Of the design in ``sources``, whatever the board's description says by now."""
    include = sources / DESIGN_INCLUDE
    found = re.search(r"CLOCKS_PER_BIT = (\d+);", include.read_text()) if include.is_file() else None
    if found is None:
        raise UserError(f"{include} does not tell the clocks of a bit: build the bitstream first.")
    return int(found[1])


class SimulatedSerial:
    """The simulated line: the calls of ``runtime.serial_device.Transport``.

    ``program`` is what ``compile_serial_board`` gave, ``sources`` the same folder again (memory
    images are read there), ``quiet_clocks`` the silence after which a read gives up.
    """

    def __init__(self, program: Path, sources: Path, *, quiet_clocks: int = 4_000_000, seed: int = 1) -> None:
        self._quiet_clocks = quiet_clocks
        self._process = subprocess.Popen(
            [str(program.resolve()), str(seed)], cwd=sources, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def __enter__(self) -> SimulatedSerial:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def write(self, data: bytes, /) -> int:
        """Queue ``data`` for the board; it moves when somebody reads."""
        self._say(b"W" + struct.pack("=I", len(data)) + data)
        return len(data)

    def read(self, size: int, /) -> bytes:
        """Up to ``size`` bytes of the board."""
        self._say(b"R" + struct.pack("=IQ", size, self._quiet_clocks))
        (count,) = struct.unpack("=I", self._hear(4))
        return self._hear(count)

    def reset_input_buffer(self) -> None:
        """Forget what has come so far."""
        self._say(b"X")

    def hold(self, level: int, clocks: int) -> None:
        """Keep the line at ``level`` for some clocks: silence, or a break."""
        self._say(b"H" + struct.pack("=BQ", level, clocks))

    def press_reset(self, clocks: int = 100) -> None:
        """Press the board's reset button for some clocks."""
        self._say(b"P" + struct.pack("=Q", clocks))

    @property
    def clocks(self) -> int:
        """Clocks that have passed."""
        self._say(b"C")
        (clocks,) = struct.unpack("=Q", self._hear(8))
        return int(clocks)

    def close(self) -> None:
        """End the simulation."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def _say(self, command: bytes) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(command)
        self._process.stdin.flush()

    def _hear(self, count: int) -> bytes:
        assert self._process.stdout is not None
        data = self._process.stdout.read(count)
        if len(data) != count:
            raise RuntimeError(f"The simulated board ended with status {self._process.wait()}.")
        return data


def open_simulated(build: Path, work: Path, *, progress: bool = True) -> SerialAccelerator:
    """The driver on the simulated board that runs the bitstream in ``build``.

    ``build`` is what a flow wrote: the sources beside the bitstream are compiled into ``work``.
    Raises UserError for a folder without a bitstream, or a board without a serial port.
    """
    manifest = Manifest.load(build)
    sources = build / "sources"
    program = compile_serial_board(load_board(manifest.board), sources, work, progress=progress)
    line = SimulatedSerial(program, sources)
    try:
        return SerialAccelerator(line, manifest, image_beside(build))
    except BaseException:
        line.close()
        raise
