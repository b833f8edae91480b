#!/bin/sh
# Makes results/accelerator.xclbin with Vitis. Needs vivado and v++ on PATH, and the card's platform.
# PLATFORM=... takes another platform than that of the board.
set -eu
cd "$(dirname "$0")"
for tool in vivado v++; do
    if ! command -v "$tool" > /dev/null; then
        echo "error: $tool is not on PATH: source settings64.sh of Vitis" >&2
        exit 1
    fi
done
. ./link.env
rm -rf results work
mkdir results work
vivado -mode batch -source package.tcl -notrace -nojournal -log package.log
v++ --link --target hw --platform "${PLATFORM:-$BOARD_PLATFORM}" --config link.cfg --save-temps \
    --temp_dir work/link --log_dir work/logs --report_dir work/reports \
    --vivado.prop "run.impl_1.STEPS.ROUTE_DESIGN.TCL.POST=$PWD/routed.tcl" \
    --output results/accelerator.xclbin results/accelerator.xo
# A memory image that synthesis does not find is only warned of, and the memory would be empty.
if grep -rqF 'Synth 8-4445' work; then
    rm -f results/accelerator.xclbin
    echo "error: synthesis did not find a memory image: look for 'Synth 8-4445' in work" >&2
    exit 1
fi
# The last: it says that all the rest is there.
version=$(v++ --version | sed -n 's/.*v++ v\([0-9.]*\).*/\1/p')
printf 'inputs %s\nv++ %s\n' "$INPUTS" "$version" > results/run.txt
