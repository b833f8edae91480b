"""From event-camera recordings to a class that comes out of an FPGA."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("ssnn-fpga")
except PackageNotFoundError:  # a checkout on PYTHONPATH, as FINN's environment sees it
    __version__ = "unknown"
