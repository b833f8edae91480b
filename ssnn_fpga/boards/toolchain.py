"""Puts the open tools for 7-series devices into a folder: Debian's packages, without root.

They come from a newer Debian than most machines run, so their own C library comes with them, and
each program is started through that library's loader. The system's packages stay as they are.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from ssnn_fpga.boards.step import run_step
from ssnn_fpga.boards.tools import PACKAGE_LIST, toolchain_directory
from ssnn_fpga.errors import UserError

SUITE = "forky"
PACKAGES = ("nextpnr-himbaechel-xilinx", "prjxray", "prjxray-database")
PROGRAMS = ("nextpnr-himbaechel-xilinx", "xc7frames2bit", "bitread")
APT_SOURCES = Path("/etc/apt")
_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_LAUNCHER = """#!/bin/sh
# Starts the program of the same name with the C library that it was built for.
here=$(dirname "$(readlink -f "$0")")/..
exec "$here/{loader}" --library-path "$here/{libraries}" "$here/usr/bin/{program}" "$@"
"""


def install_toolchain(folder: Path | None = None, *, progress: bool = True) -> Path:
    """Download and unpack the tools into ``folder``, the project's ``.toolchain`` if not given.

    About 40 MB come from the Debian mirror that this machine's apt uses and become 700 MB. A folder
    that is already there is replaced once the new one is whole. Raises UserError where apt-get or
    dpkg-deb is missing, no Debian mirror is known, or one of them fails.
    """
    folder = folder or toolchain_directory()
    missing = [name for name in ("apt-get", "dpkg-deb") if shutil.which(name) is None]
    if missing:
        raise UserError(
            f"The tools come as Debian packages, and {' and '.join(missing)} is missing here: use Debian or "
            f"Ubuntu, or put {', '.join(PROGRAMS)} on PATH."
        )
    mirror = debian_mirror()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".toolchain-", dir=folder.parent) as scratch:
        aside = Path(scratch)
        archives = _download(mirror, aside / "apt", progress)
        root = aside / "root"
        _unpack(archives, root, aside / "dpkg-deb.log", progress)
        _add_launchers(root)
        names = sorted(archive.name for archive in archives)
        (root / PACKAGE_LIST).write_text("\n".join(names) + "\n")
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(root, folder)
    return folder


def debian_mirror(sources: Path | None = None) -> str:
    """Address of the Debian archive among the apt sources of this machine.

    ``sources`` is apt's folder of settings, ``/etc/apt`` if not given. Raises UserError where there is none.
    """
    sources = sources or APT_SOURCES
    for address in _addresses(sources):
        if re.fullmatch(r"https?://\S+/debian/?", address):
            return address.rstrip("/")
    raise UserError(
        f"No Debian mirror stands in the apt sources under {sources}: add one, or put {', '.join(PROGRAMS)} "
        "on PATH."
    )


def _addresses(sources: Path) -> Iterator[str]:
    files = [sources / "sources.list", *sorted((sources / "sources.list.d").glob("*"))]
    for file in files:
        if file.suffix not in (".list", ".sources") or not file.is_file():
            continue
        for line in file.read_text(errors="replace").splitlines():
            found = re.match(r"(?:deb\s+(?:\[[^]]*\]\s+)?|URIs:\s*)(\S+)", line)
            if found:
                yield found[1]


def _download(mirror: str, apt: Path, progress: bool) -> list[Path]:
    """The packages with all they need, as files. No setting or list of the system's apt is written."""
    for name in ("lists/partial", "cache/archives/partial"):
        (apt / name).mkdir(parents=True)
    trusted = f"[signed-by={_KEYRING}] " if _KEYRING.is_file() else ""
    (apt / "sources.list").write_text(f"deb {trusted}{mirror} {SUITE} main\n")
    (apt / "status").write_text("")  # nothing is installed, so everything is downloaded
    settings = {
        "Dir::Etc::SourceList": apt / "sources.list",
        "Dir::Etc::SourceParts": "-",
        "Dir::State": apt,
        "Dir::State::Lists": apt / "lists",
        "Dir::State::Status": apt / "status",
        "Dir::Cache": apt / "cache",
        "APT::Install-Recommends": "false",
        "APT::Sandbox::User": "",
    }
    options = [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]
    steps = {
        f"list of packages in Debian {SUITE}": ["update"],
        "download of the tools": ["install", "--download-only", "--yes", *PACKAGES],
    }
    for number, (title, command) in enumerate(steps.items()):
        log = apt.parent / f"apt-get-{number}.log"
        run_step("apt-get", [*options, *command], folder=apt, log=log, title=title, progress=progress)
    return sorted((apt / "cache" / "archives").glob("*.deb"))


def _unpack(archives: list[Path], root: Path, log: Path, progress: bool) -> None:
    root.mkdir()
    with Progress(console=Console(stderr=True), disable=not progress) as bar:
        for archive in bar.track(archives, description="unpacking"):
            arguments = ["--extract", str(archive), str(root)]
            run_step("dpkg-deb", arguments, folder=root, log=log, title=archive.name, progress=False)


def _add_launchers(root: Path) -> None:
    libraries = next(root.glob("usr/lib/*/libc.so.6"), None)
    loader = None if libraries is None else next(libraries.parent.glob("ld-linux*.so.*"), None)
    absent = [name for name in PROGRAMS if not (root / "usr" / "bin" / name).is_file()]
    if libraries is None or loader is None or absent:
        raise UserError(
            f"The Debian packages hold no {', '.join(absent) or 'C library'} for this kind of machine: "
            f"put {', '.join(PROGRAMS)} on PATH."
        )
    # nextpnr looks for its data beside its own executable, which is the loader here.
    (libraries.parent / "share").symlink_to("../../share/nextpnr")
    (root / "bin").mkdir()
    for program in PROGRAMS:
        launcher = root / "bin" / program
        launcher.write_text(
            _LAUNCHER.format(
                loader=loader.relative_to(root),
                libraries=libraries.parent.relative_to(root),
                program=program,
            )
        )
        launcher.chmod(0o755)
