"""From event-camera recordings to a class that comes out of an FPGA."""

from importlib.metadata import version

__version__ = version("ssnn-fpga")
