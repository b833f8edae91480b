"""A board: its device, clock, budget and files, read from ``hw/boards/<name>/board.toml``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, PositiveInt, ValidationError

from ssnn_fpga.errors import UserError
from ssnn_fpga.rtl.library import hardware_directory

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


Flow = Literal["open", "vivado", "vitis"]


class _Checked(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Budget(_Checked):
    """What a design may take of the device."""

    luts: PositiveInt
    """Look-up tables: of 4 inputs on ECP5, of 6 on Xilinx."""
    ffs: PositiveInt
    bram_blocks: PositiveInt
    """DP16KD on ECP5, blocks of 36 kbit on Xilinx."""
    bram_bits: PositiveInt
    """Of all block RAMs together."""
    dsps: PositiveInt


class Serial(_Checked):
    """The serial port through which the accelerator is reached."""

    baud: PositiveInt


class Card(_Checked):
    """A card behind PCI Express, as Vitis sees it."""

    platform: str
    memory: str
    """The platform's memory that the accelerator's master reaches, such as ``DDR[0]``."""
    die: str
    """The die that the kernel is placed on: the one of that memory."""


class Board(_Checked):
    """One board. ``folder`` is where its files lie."""

    name: str
    title: str
    family: Literal["ecp5", "xilinx7", "ultrascale"]
    """Kind of chip: its look-up tables, slices and open tools. ``ultrascale`` is UltraScale+ alone."""
    flows: tuple[Flow, ...] = Field(min_length=1)
    """Ways to its bitstream, the one that is taken first where its tools are there."""
    device: str
    """As the tools of its flows name the part."""
    package: str | None = None
    speed_grade: PositiveInt | None = None
    """Package and grade, where a tool wants them apart from the device."""
    clock_mhz: PositiveFloat
    """Frequency of the accelerator's clock: the target of the flow."""
    top: str
    """Name of the top module."""
    sources: tuple[str, ...]
    """The board's own SystemVerilog and Verilog files."""
    library: tuple[str, ...]
    """Modules of ``hw/rtl`` that the board's own files instantiate."""
    constraints: str | None = None
    clock_pin: str | None = None
    """Where Vivado's clock of the accelerator begins: a pin of the board's top level."""
    plan_share: float = Field(0.5, gt=0, le=1)
    """Share of the budget's logic that a plan fills when it can."""
    serial: Serial | None = None
    card: Card | None = None
    neuron_timesteps: PositiveInt = 1
    """Most timesteps that a plan lets a neuron take in one clock: each one lengthens its path. All of
    a token at once are another matter: they go through a pipeline."""
    memory_port_bits: int = Field(0, ge=0, le=1024)
    """Width of a port to memory over which weights can come that do not fit the chip; 0: there is none."""
    register_base: PositiveInt | None = None
    """Address of the accelerator's registers on the processor's bus, where there is one."""
    budget: Budget
    folder: Path = Field(default=Path(), exclude=True)

    @property
    def clocks_per_bit(self) -> int:
        """Clocks of one bit on the serial port. Raises ValueError for a board without one."""
        if self.serial is None:
            raise ValueError(f"{self.name} has no serial port")
        return round(self.clock_mhz * 1e6 / self.serial.baud)


def boards() -> tuple[str, ...]:
    """Names of the boards there are, sorted."""
    return tuple(sorted(path.parent.name for path in (hardware_directory() / "boards").glob("*/board.toml")))


def load_board(name: str) -> Board:
    """The board called ``name``. Raises UserError for one that is not there or not well described."""
    if name not in boards():
        raise UserError(f"There is no board {name!r}: choose one of {', '.join(boards())}.")
    folder = hardware_directory() / "boards" / name
    path = folder / "board.toml"
    try:
        return Board.model_validate({**tomllib.loads(path.read_text()), "folder": folder})
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{path} is not TOML ({error}): correct the file.") from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        raise UserError(f"{path}: key {key!r}: {first['msg']}; correct the file.") from error
