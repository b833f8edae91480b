"""``ssnn-fpga``: a thin face over the stations of the flow.

Figures go to standard output with ``--json``; everything else goes to standard error. Input
that cannot be used ends in one sentence and exit code 2; engines that disagree in exit code 1.
"""

from __future__ import annotations

import sys

from rich.markup import escape

from ssnn_fpga.cli import boards, evaluation, hardware, learning
from ssnn_fpga.cli.app import app, terminal
from ssnn_fpga.errors import UserError

__all__ = ["app", "boards", "evaluation", "hardware", "learning", "main"]  # the modules add their commands


def main() -> None:
    """Entry point: turns a UserError into one sentence and exit code 2, broken hardware into 1."""
    from ssnn_fpga.simulate.library import SimulationError

    try:
        app()
    except SimulationError as error:
        terminal.print(
            f"[red]the simulated hardware failed:[/red] {escape(str(error))}", highlight=False, soft_wrap=True
        )
        sys.exit(1)
    except UserError as error:
        terminal.print(f"[red]error:[/red] {escape(str(error))}", highlight=False, soft_wrap=True)
        sys.exit(2)
    except KeyboardInterrupt:
        terminal.print("Interrupted.")
        sys.exit(130)
