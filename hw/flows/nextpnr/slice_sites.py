# Run by nextpnr before it places: writes a line for each slice of the device, the BEL A6LUT in it.
import os

with open(os.environ["SITES"], "w") as sites:
    for bel in ctx.getBels():  # noqa: F821 - nextpnr's
        if str(bel).endswith(".A6LUT"):
            sites.write(f"{bel}\n")
