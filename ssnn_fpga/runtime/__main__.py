"""``python -m ssnn_fpga.runtime FOLDER --device pynq``: verifies a build on the board itself.

Needs numpy and the board's own package, and nothing else of this project's command line. The report goes
to ``verification.json`` in the folder, and to standard output.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from ssnn_fpga.errors import UserError
from ssnn_fpga.runtime.accelerator import Accelerator
from ssnn_fpga.runtime.device import DeviceError
from ssnn_fpga.runtime.verification import REPORT_FILE, Verification, verify, write_report


def main(arguments: list[str] | None = None) -> int:
    """0 where every logit is equal, 1 where one differs or the device fails, 2 for a user's mistake."""
    parser = argparse.ArgumentParser(prog="python -m ssnn_fpga.runtime", description="Verifies a build.")
    parser.add_argument("folder", type=Path, help="bitstream, manifest and verification of one build")
    parser.add_argument("--device", required=True, help="pynq, xrt, serial or sim")
    parser.add_argument("--port", help="serial port, for --device serial")
    parser.add_argument("--report", type=Path, help=f"file of the report; FOLDER/{REPORT_FILE} if not given")
    given = parser.parse_args(arguments)
    options = {} if given.port is None else {"port": given.port}
    try:
        recordings = Verification.load(given.folder)
        with Accelerator.open(given.folder, given.device, **options) as accelerator:
            report = verify(accelerator, recordings)
        write_report(report, given.report or given.folder / REPORT_FILE)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except DeviceError as error:
        print(f"the device failed: {error}", file=sys.stderr)
        return 1
    print(json.dumps(report, indent=2))
    return int(report["differing"] > 0)


if __name__ == "__main__":
    sys.exit(main())
