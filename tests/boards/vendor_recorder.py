"""Plays Vivado and ``v++``: runs their scripts, knows the commands of each, and refuses any other.

Names, options and arguments are those of AMD's command references (UG835, UG1393), as far as the scripts of
``hw/flows`` need them. Nothing is synthesised: reports are written from the description of their
format, with the figures that the environment gives. So a script is checked for misspelt commands, unknown or
missing options and arguments, files that are not there, and steps out of order; not for what Vivado makes of
them.

``python -m tests.boards.vendor_recorder vivado|v++ …`` takes the tool's own command line.
"""

from __future__ import annotations

import os
import re
import sys
import tkinter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ssnn_fpga.boards.bit_file import bit_file
from tests.boards.vivado_reports import PATHS, SUMMARY, UTILISATION, filled

SLACK, LOG, VERSION = "PLAYED_SLACK", "PLAYED_LOG", "2024.2"
"""Environment variables of the worst setup slack in ns and of a line in the link's log; the version told."""


class Refused(Exception):
    """A script that the tool would not take."""


@dataclass(frozen=True)
class Command:
    """What a command takes, and how it is played."""

    values: tuple[str, ...] = ()
    """Options with a value."""
    flags: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    """Of the options."""
    arguments: tuple[int, int] = (0, 0)
    """Fewest and most arguments beside the options."""
    reads: bool = False
    """Whether its arguments are lists of files that have to be there."""
    after: tuple[str, ...] = ()
    """Commands of which one has to have run."""
    play: Callable[[Recorder, dict[str, str], list[str]], str] = lambda recorder, options, arguments: ""


@dataclass
class Recorder:
    """A Tcl interpreter in the current folder. ``calls``: what was called with what, in order."""

    calls: list[tuple[str, dict[str, str], list[str]]] = field(default_factory=list)
    clocks: set[str] = field(default_factory=set)
    files: set[str] = field(default_factory=set)
    """Those of the project, by name."""
    slack: float = 0.25
    size: int = 1000
    _refusal: Refused | None = None

    def run(self, script: Path) -> Recorder:
        """Raises Refused, for what Tcl itself refuses as well."""
        self._tcl = tkinter.Tcl()
        tcl = self._tcl.tk
        tcl.eval("namespace eval ipx {}; rename exec {}; catch {rename exit {}}")
        for name in COMMANDS:
            tcl.createcommand(name, self._played(name))
        tcl.createcommand("unknown", self._unknown)
        try:
            tcl.call("source", str(script))
        except tkinter.TclError as error:
            # A command in Python cannot give its reason to the interpreter.
            raise self._refusal or Refused(str(error)) from None
        return self

    def called(self, name: str) -> list[tuple[dict[str, str], list[str]]]:
        """Options and arguments of every call of a command."""
        return [(options, arguments) for called, options, arguments in self.calls if called == name]

    def split(self, text: str) -> list[str]:
        """A Tcl list."""
        return [str(word) for word in self._tcl.tk.splitlist(text)]

    def evaluate(self, script: str) -> str:
        """Result of further Tcl."""
        return str(self._tcl.tk.eval(script))

    def _unknown(self, *words: str) -> str:
        self._refusal = Refused(f"there is no command {words[0]}")
        raise self._refusal

    def _played(self, name: str) -> Callable[..., str]:
        def play(*words: str) -> str:
            try:
                return self._play(name, words)
            except Refused as refusal:
                self._refusal = self._refusal or refusal
                raise

        return play

    def _play(self, name: str, words: Sequence[str]) -> str:
        command = COMMANDS[name]
        options, arguments = _parsed(name, command, words)
        if command.after and not any(self.called(earlier) for earlier in command.after):
            raise Refused(f"{name} before {' or '.join(command.after)}")
        for argument in arguments if command.reads else ():
            for file in self.split(argument):
                if not Path(file).is_file():
                    raise Refused(f"{name}: there is no file {file}")
        self.calls.append((name, options, arguments))
        return command.play(self, options, arguments)


def _parsed(name: str, command: Command, words: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    options: dict[str, str] = {}
    arguments: list[str] = []
    left = list(words)
    while left:
        word = left.pop(0)
        if not re.match(r"-[a-z]", word):
            arguments.append(word)
        elif word in command.flags:
            options[word] = ""
        elif word in command.values:
            if not left:
                raise Refused(f"{name}: {word} needs a value")
            options[word] = left.pop(0)
        else:
            raise Refused(f"{name} has no option {word}")
    missing = [option for option in command.required if option not in options]
    if missing:
        raise Refused(f"{name} needs {', '.join(missing)}")
    fewest, most = command.arguments
    if not fewest <= len(arguments) <= most:
        raise Refused(f"{name} takes {fewest} to {most} arguments, not {len(arguments)}")
    return options, arguments


# ------------------------------------------------------------------ how commands are played


def _add_files(recorder: Recorder, options: dict[str, str], arguments: list[str]) -> str:
    recorder.files |= {Path(file).name for file in recorder.split(arguments[0])}
    return ""


def _read_xdc(recorder: Recorder, options: dict[str, str], arguments: list[str]) -> str:
    recorder.evaluate(Path(arguments[0]).read_text())
    return ""


def _create_clock(recorder: Recorder, options: dict[str, str], arguments: list[str]) -> str:
    recorder.clocks.add(options["-name"])
    return ""


def _get_clocks(recorder: Recorder, options: dict[str, str], arguments: list[str]) -> str:
    return " ".join(sorted(recorder.clocks & set(arguments))) if arguments else "clk_kernel"


def _get_files(recorder: Recorder, options: dict[str, str], arguments: list[str]) -> str:
    unknown = set(recorder.split(arguments[0])) - recorder.files
    if unknown:
        raise Refused(f"get_files: the project has no file {min(unknown)}")
    return arguments[0]


def _get_property(recorder: Recorder, options: dict[str, str], arguments: list[str]) -> str:
    name, thing = arguments
    if name == "SLACK":
        return str(recorder.slack if thing == "path_max" else 0.02)
    if name == "NAME":
        return thing
    raise Refused(f"get_property: {thing} has no property {name}")


def _set_property(recorder: Recorder, options: dict[str, str], arguments: list[str]) -> str:
    if arguments[0].lower() not in PROPERTIES:
        raise Refused(f"set_property: there is no property {arguments[0]}")
    return ""


def _report(text: str) -> Callable[[Recorder, dict[str, str], list[str]], str]:
    def play(recorder: Recorder, options: dict[str, str], arguments: list[str]) -> str:
        report = filled(text, slack=recorder.slack, luts=recorder.size)
        if "-file" in options:
            Path(options["-file"]).write_text(report)
        return report if "-return_string" in options else ""

    return play


def _write(content: bytes) -> Callable[[Recorder, dict[str, str], list[str]], str]:
    def play(recorder: Recorder, options: dict[str, str], arguments: list[str]) -> str:
        Path(options.get("-xo_path") or arguments[0]).write_bytes(content)
        return ""

    return play


def _answer(text: str) -> Callable[[Recorder, dict[str, str], list[str]], str]:
    return lambda recorder, options, arguments: text


PROPERTIES = {
    *("package_pin", "iostandard", "file_type", "top", "name", "version", "core_revision"),
    *("sdx_kernel", "sdx_kernel_type", "supported_families", "auto_family_support_level"),
}
_SYNTHESISED = ("synth_design",)
_ROUTED = ("route_design", "open_run")
_SELECTION = {"values": ("-filter", "-of_objects"), "flags": ("-hierarchical", "-quiet", "-regexp")}
_REPORT_FILE = {"values": ("-file", "-cells"), "flags": ("-return_string", "-append", "-hierarchical")}
_PATH_CHOICE = ("-delay_type", "-max_paths", "-nworst", "-from", "-to", "-sort_by")
_CORE = {"arguments": (1, 1), "after": ("ipx::package_project",)}
COMMANDS: dict[str, Command] = {
    # the design
    "set_msg_config": Command(values=("-id", "-new_severity"), required=("-id", "-new_severity")),
    "read_verilog": Command(flags=("-sv",), values=("-library",), arguments=(1, 1), reads=True),
    "read_xdc": Command(
        flags=("-unmanaged",), values=("-cells", "-ref"), arguments=(1, 1), reads=True, play=_read_xdc
    ),
    "synth_design": Command(
        values=("-top", "-part", "-include_dirs", "-flatten_hierarchy", "-directive", "-generic", "-mode"),
        flags=("-retiming",),
        required=("-top", "-part"),
        after=("read_verilog",),
    ),
    "opt_design": Command(values=("-directive",), after=_SYNTHESISED),
    "place_design": Command(values=("-directive",), after=_SYNTHESISED),
    "phys_opt_design": Command(values=("-directive",), after=("place_design",)),
    "route_design": Command(values=("-directive",), after=("place_design",)),
    "write_bitstream": Command(
        flags=("-force", "-bin_file"),
        arguments=(1, 1),
        after=_ROUTED,
        play=_write(bit_file(bytes.fromhex("ffffffffaa9955660000000020000000"), "top", "part")),
    ),
    # constraints and objects
    "create_clock": Command(
        values=("-name", "-period", "-waveform"),
        required=("-name", "-period"),
        arguments=(1, 1),
        play=_create_clock,
    ),
    "get_ports": Command(**_SELECTION, arguments=(0, 1), play=_answer("port")),
    "get_pins": Command(**_SELECTION, arguments=(0, 1), play=_answer("pin")),
    "get_cells": Command(**_SELECTION, arguments=(0, 1), play=_answer("card/accelerator_kernel_1")),
    "get_clocks": Command(**_SELECTION, arguments=(0, 1), play=_get_clocks),
    "get_property": Command(arguments=(2, 2), play=_get_property),
    "set_property": Command(arguments=(3, 3), play=_set_property),
    # reports
    "report_utilization": Command(
        **_REPORT_FILE, after=(*_SYNTHESISED, "open_run"), play=_report(UTILISATION)
    ),
    "report_timing_summary": Command(
        values=("-file", "-max_paths", "-delay_type"),
        flags=("-return_string",),
        after=_ROUTED,
        play=_report(SUMMARY),
    ),
    "report_timing": Command(
        values=("-file", *_PATH_CHOICE), flags=("-return_string",), after=_ROUTED, play=_report(PATHS)
    ),
    "report_drc": Command(values=("-file",), after=_ROUTED, play=_report("played")),
    "report_power": Command(values=("-file",), after=_ROUTED, play=_report("played")),
    "get_timing_paths": Command(
        values=_PATH_CHOICE,
        after=_ROUTED,
        play=lambda recorder, options, arguments: f"path_{options.get('-delay_type', 'max')}",
    ),
    "version": Command(flags=("-short",), play=_answer(VERSION)),
    # a project, and its module as a kernel
    "create_project": Command(values=("-part",), flags=("-force", "-in_memory"), arguments=(1, 2)),
    "close_project": Command(flags=("-delete",), after=("create_project",)),
    "add_files": Command(
        values=("-fileset",),
        flags=("-norecurse",),
        arguments=(1, 1),
        reads=True,
        after=("create_project",),
        play=_add_files,
    ),
    "get_files": Command(**_SELECTION, arguments=(1, 1), play=_get_files),
    "current_fileset": Command(flags=("-constrset", "-simset"), play=_answer("sources_1")),
    "update_compile_order": Command(values=("-fileset",), after=("add_files",)),
    "ipx::package_project": Command(
        values=("-root_dir", "-vendor", "-library", "-taxonomy", "-set_current", "-name", "-version"),
        flags=("-import_files", "-force"),
        required=("-root_dir",),
        after=("update_compile_order",),
    ),
    "ipx::unload_core": Command(**_CORE),
    "ipx::edit_ip_in_project": Command(
        values=("-upgrade", "-name", "-directory"), required=("-name", "-directory"), **_CORE
    ),
    "ipx::current_core": Command(after=("ipx::package_project",), play=_answer("core")),
    "ipx::get_user_parameters": Command(
        values=("-of_objects", "-filter"), arguments=(0, 1), play=_answer("WIDTH")
    ),
    "ipx::remove_user_parameter": Command(arguments=(2, 2)),
    "ipx::associate_bus_interfaces": Command(
        values=("-busif", "-clock", "-reset"), flags=("-remove",), required=("-busif", "-clock"), **_CORE
    ),
    "ipx::create_xgui_files": Command(**_CORE),
    "ipx::update_checksums": Command(**_CORE),
    "ipx::save_core": Command(**_CORE),
    "package_xo": Command(
        values=(
            "-xo_path",
            "-kernel_name",
            "-ip_directory",
            "-kernel_xml",
            "-ctrl_protocol",
            "-kernel_files",
        ),
        flags=("-force",),
        required=("-xo_path", "-kernel_name", "-ip_directory"),
        after=("ipx::save_core",),
        play=_write(b"kernel object"),
    ),
}
_LINK_KEYS = {"": {"kernel_frequency"}, "connectivity": {"nk", "sp", "slr"}}
_LINK_OPTIONS = (
    "--target",
    "--platform",
    "--config",
    "--temp_dir",
    "--log_dir",
    "--report_dir",
    "--vivado.prop",
    "--output",
)
_HOOK = "run.impl_1.STEPS.ROUTE_DESIGN.TCL.POST="


# ------------------------------------------------------------------ the tools' command lines


def _recorder() -> Recorder:
    return Recorder(slack=float(os.environ.get(SLACK, "0.25")))


def vivado(words: list[str]) -> None:
    """``vivado -mode batch -source FILE``."""
    known = Command(
        values=("-mode", "-source", "-log", "-journal"),
        flags=("-notrace", "-nojournal", "-nolog"),
        required=("-mode", "-source"),
    )
    options, _ = _parsed("vivado", known, words)
    if options["-mode"] != "batch":
        raise Refused("vivado would wait for a user")
    _recorder().run(Path(options["-source"]))


def link(words: list[str]) -> None:
    """``v++ --link``, with what runs inside it once the design is routed."""
    if words == ["--version"]:
        print(f"\n****** v++ v{VERSION} (64-bit)\n")
        return
    options: dict[str, str] = {}
    objects: list[str] = []
    left = list(words)
    while left:
        word = left.pop(0)
        if word in _LINK_OPTIONS:
            options[word] = left.pop(0)
        elif word.startswith("-"):
            if word not in ("--link", "--save-temps"):
                raise Refused(f"v++ has no option {word}")
        else:
            objects.append(word)
    if set(options) != set(_LINK_OPTIONS) or len(objects) != 1 or not Path(objects[0]).is_file():
        raise Refused(f"v++ needs {_LINK_OPTIONS} and a kernel object, not {words}")
    masters = set(re.findall(r'name="(m_axi_\w+)"', Path("kernel.xml").read_text()))
    section = ""
    for line in filter(None, Path(options["--config"]).read_text().splitlines()):
        if line.startswith("["):
            section = line.strip("[]")
        elif line.partition("=")[0] not in _LINK_KEYS[section]:
            raise Refused(f"link.cfg: [{section}] has no {line}")
        if line.startswith("sp="):
            port = line.partition(".")[2].partition(":")[0]
            if port not in masters:
                raise Refused(f"link.cfg: the kernel has no port {port} left to connect")
            masters.remove(port)
    if masters:
        raise Refused(f"link.cfg: {min(masters)} reaches no memory")
    property_ = options["--vivado.prop"]
    if not property_.startswith(_HOOK):
        raise Refused(f"v++: no run has the property {property_}")
    inside = Path(options["--temp_dir"])  # the hook runs in a folder of the link's own
    output = Path(options["--output"]).resolve()
    inside.mkdir(parents=True)
    (inside / "runme.log").write_text(os.environ.get(LOG, "") + "\n")
    os.chdir(inside)
    recorder = _recorder()
    recorder.calls.append(("open_run", {}, []))
    recorder.run(Path(property_.removeprefix(_HOOK)))
    output.write_bytes(b"xclbin2 as it was played")


def main() -> int:
    """1, and the reason as the tool's error, where it refuses."""
    tool, words = sys.argv[1], sys.argv[2:]
    try:
        (vivado if tool == "vivado" else link)(words)
    except Refused as error:
        print(f"ERROR: [{tool}] {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
