"""Runs the command line in this process, as the installed script would."""

import json
import sys
from dataclasses import dataclass

import pytest


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str

    @property
    def figures(self):
        """Standard output as the one JSON object that it must be."""
        return json.loads(self.out)


@pytest.fixture
def run_cli(monkeypatch, capfd):
    """run_cli("compile", model, ...) -> Outcome."""
    from ssnn_fpga.cli import main

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["ssnn-fpga", *map(str, arguments)])
        capfd.readouterr()
        try:
            main()
            code = 0
        except SystemExit as stop:
            code = stop.code or 0
        captured = capfd.readouterr()
        return Outcome(code, captured.out, captured.err)

    return run
