#!/bin/sh
# Makes results/accelerator.bit with Vivado. Needs vivado on PATH and nothing else.
set -eu
cd "$(dirname "$0")"
if ! command -v vivado > /dev/null; then
    echo "error: vivado is not on PATH: source settings64.sh of its installation" >&2
    exit 1
fi
exec vivado -mode batch -source build.tcl -notrace -nojournal -log vivado.log
