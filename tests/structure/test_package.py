"""The built wheel, installed outside the checkout, finds the hardware library and keeps its extras apart."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(ROOT)],
        check=True,
        capture_output=True,
        text=True,
    )
    return next(folder.glob("*.whl"))


def test_wheel_finds_the_hardware_library_without_the_checkout(wheel, tmp_path):
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    program = (
        "from ssnn_fpga.rtl.library import hardware_directory; import ssnn_fpga; "
        "print(ssnn_fpga.__file__); print(len(list((hardware_directory() / 'rtl').glob('*.sv'))))"
    )
    result = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path)},
    )
    assert result.returncode == 0, result.stderr
    origin, count = result.stdout.split()
    assert Path(origin).is_relative_to(tmp_path)
    assert int(count) == len(list((ROOT / "hw" / "rtl").glob("*.sv")))


def test_a_board_installs_numpy_only(wheel):
    with zipfile.ZipFile(wheel) as archive:
        name = next(n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        metadata = archive.read(name).decode()
    required = [
        line for line in metadata.splitlines() if line.startswith("Requires-Dist") and "extra ==" not in line
    ]
    assert required == ["Requires-Dist: numpy>=1.21"]
