"""``make toolchain`` without a network: an apt-get of its own puts small packages into its cache."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from ssnn_fpga.boards import toolchain
from ssnn_fpga.boards.toolchain import PROGRAMS, debian_mirror, install_toolchain
from ssnn_fpga.errors import UserError

# What apt-get is asked for, and the packages that it "downloads" into the cache it is told.
APT_GET = """#!/bin/sh
echo "$@" >> {asked}
for word in "$@"; do case "$word" in Dir::Cache=*) cache=${{word#Dir::Cache=}};; esac; done
case "$*" in *download-only*) cp {packages}/*.deb "$cache/archives/";; esac
{end}
"""
LIBRARIES = "usr/lib/x86_64-linux-gnu"


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine whose apt knows a mirror and whose packages hold programs that say their arguments."""
    if shutil.which("dpkg-deb") is None:
        pytest.skip("this machine has no dpkg-deb")
    tree = tmp_path / "tree"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "DEBIAN" / "control").write_text(
        "Package: prjxray\nVersion: 1.2-3\nArchitecture: all\nMaintainer: nobody <nobody@example.org>\n"
        "Description: stand-in\n"
    )
    (tree / LIBRARIES).mkdir(parents=True)
    (tree / LIBRARIES / "libc.so.6").write_text("")
    loader = tree / LIBRARIES / "ld-linux-x86-64.so.2"
    loader.write_text('#!/bin/sh\necho "$(basename "$3")" "$4"\n')
    loader.chmod(0o755)
    (tree / "usr" / "bin").mkdir()
    for program in PROGRAMS:
        (tree / "usr" / "bin" / program).write_text("")
    (tree / "usr" / "share" / "nextpnr").mkdir(parents=True)
    packages = tmp_path / "packages"
    packages.mkdir()
    command = ["dpkg-deb", "--root-owner-group", "--build", tree, packages / "prjxray_1.2-3_all.deb"]
    subprocess.run(command, check=True, capture_output=True)
    sources = tmp_path / "etc"
    sources.mkdir()
    (sources / "sources.list").write_text("deb http://mirror.example/debian/ stable main\n")
    monkeypatch.setattr(toolchain, "APT_SOURCES", sources)
    fake_apt(tmp_path, monkeypatch, "")
    return tmp_path


def fake_apt(folder: Path, monkeypatch: pytest.MonkeyPatch, end: str) -> None:
    programs = folder / "bin"
    programs.mkdir(exist_ok=True)
    script = APT_GET.format(asked=folder / "asked", packages=folder / "packages", end=end)
    (programs / "apt-get").write_text(script)
    (programs / "apt-get").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")


def test_unpacks_and_starts_programs(machine: Path) -> None:
    folder = install_toolchain(machine / "tools", progress=False)
    said = subprocess.run([folder / "bin" / "bitread", "-z"], check=True, capture_output=True, text=True)
    assert said.stdout == "bitread -z\n"
    assert (folder / LIBRARIES / "share").resolve() == folder / "usr" / "share" / "nextpnr"
    assert (folder / "packages.txt").read_text() == "prjxray_1.2-3_all.deb\n"
    update, install = (machine / "asked").read_text().splitlines()
    assert update.endswith(" update")
    assert install.endswith(" ".join(toolchain.PACKAGES))
    assert "Dir::State::Status=" in update, "the system's own state is left alone"
    assert not list(machine.glob(".toolchain-*")), "nothing is left beside the folder"


def test_a_failed_download_leaves_the_old_folder(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = install_toolchain(machine / "tools", progress=False)
    fake_apt(machine, monkeypatch, 'echo "E: no route to the mirror"; exit 100')
    with pytest.raises(UserError, match="apt-get failed with 'E: no route to the mirror'"):
        install_toolchain(folder, progress=False)
    assert (folder / "bin" / "bitread").is_file()
    assert not list(machine.glob(".toolchain-*"))


def test_packages_without_the_programs(machine: Path) -> None:
    (machine / "packages" / "prjxray_1.2-3_all.deb").unlink()
    subprocess.run(["rm", "-r", machine / "tree" / "usr" / "bin"], check=True)
    command = ["dpkg-deb", "--root-owner-group", "--build", machine / "tree", machine / "packages" / "a.deb"]
    subprocess.run(command, check=True, capture_output=True)
    with pytest.raises(UserError, match="hold no nextpnr-himbaechel-xilinx, xc7frames2bit, bitread"):
        install_toolchain(machine / "tools", progress=False)
    assert not (machine / "tools").exists()


def test_no_packages_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="apt-get and dpkg-deb is missing here: use Debian or Ubuntu, or put"):
        install_toolchain(tmp_path / "tools", progress=False)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "sources.list",
            "# deb http://no.example/debian x\ndeb [arch=amd64] http://a.example/debian stable main\n",
        ),
        ("sources.list.d/debian.sources", "Types: deb\nURIs: http://a.example/debian/\nSuites: stable\n"),
    ],
)
def test_mirror_of_this_machine(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list.d" / "other.list").write_text("deb https://b.example/nodejs nodistro main\n")
    (tmp_path / "sources.list.d" / "ignored.save").write_text("deb http://c.example/debian stable main\n")
    with pytest.raises(UserError, match="No Debian mirror stands in the apt sources"):
        debian_mirror(tmp_path)
    (tmp_path / name).write_text(text)
    assert debian_mirror(tmp_path) == "http://a.example/debian"
