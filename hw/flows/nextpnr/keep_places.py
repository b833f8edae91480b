# Run by nextpnr before it places: each cell named in the file PLACES goes to the BEL beside its name.
import json
import os

with open(os.environ["PLACES"]) as places:
    left = json.load(places)
for name, cell in ctx.cells:  # noqa: F821 - nextpnr's
    if str(name) in left:
        cell.setAttr("BEL", left.pop(str(name)))
if left:
    raise SystemExit(
        f"ERROR: {len(left)} cells that have places are not in the netlist, {next(iter(left))} first"
    )
