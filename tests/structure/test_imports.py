"""Imports run one way through the stations; a board needs numpy and nothing else."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BELOW_TORCH = ("network", "golden", "plan", "rtl", "runtime", "events", "simulate", "boards", "report")

# For each station of ssnn_fpga, the stations it may import besides itself.
MAY_IMPORT = {
    "interchange": {"network", "golden"},
    "network": set(),
    "events": {"network"},
    "golden": {"network"},
    "backends": {"network", "plan", "rtl"},
    "plan": {"network", "boards"},
    "rtl": {"network", "plan"},
    "simulate": {"network", "plan", "rtl", "runtime"},
    "boards": {"network", "plan", "rtl", "simulate", "runtime"},
    "explore": {"network", "golden", "plan", "rtl", "boards"},
    "runtime": {"network", "events", "rtl"},
    "report": {"network", "golden"},
}


def imports(path: Path) -> set[str]:
    """Every absolute module name that a file imports, at any depth of nesting."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


def files_of(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def test_ssnn_fpga_does_not_import_training():
    offenders = [
        str(path.relative_to(ROOT))
        for path in files_of("ssnn_fpga")
        if path.parent.name != "cli" and any(name.split(".")[0] == "quant_models" for name in imports(path))
    ]
    assert offenders == []


def test_torch_lives_in_quant_models_only():
    files = files_of("ssnn_fpga")
    assert len(files) > 20
    offenders = [
        str(path) for path in files if any(n.split(".")[0] in ("torch", "brevitas") for n in imports(path))
    ]
    assert offenders == []


@pytest.mark.parametrize("station", MAY_IMPORT)
def test_stations_import_along_the_flow(station):
    for path in files_of(f"ssnn_fpga/{station}"):
        for name in imports(path):
            parts = name.split(".")
            if parts[0] == "ssnn_fpga" and len(parts) > 1 and parts[1] in MAY_IMPORT and parts[1] != station:
                assert parts[1] in MAY_IMPORT[station], f"{path.relative_to(ROOT)} imports {name}"


def test_runtime_needs_numpy_only():
    """Imports the board's driver in an interpreter that refuses every third-party package but numpy."""
    program = """
import sys, importlib, importlib.abc
allowed = set(sys.stdlib_module_names) | {"numpy", "ssnn_fpga"}
class Refuse(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] not in allowed:
            raise ImportError(f"a board has no {name}")
sys.meta_path.insert(0, Refuse())
import pkgutil, ssnn_fpga.runtime
for module in pkgutil.iter_modules(ssnn_fpga.runtime.__path__, "ssnn_fpga.runtime."):
    importlib.import_module(module.name)
print("imported")
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT)
    assert result.stdout.strip() == "imported", result.stderr
