"""Makes FINN importable: it reads Vivado's version when it is imported, whether it will run it or not."""

from __future__ import annotations

import os
import shutil
import tempfile
from importlib.metadata import PackageNotFoundError, version

from ssnn_fpga.errors import UserError

VERSION = "1.6.1"
"""The release of finn-plus that was tried, and the only one that is accepted."""
_LAZY = (
    *("SimEngine", "locate_glbl", "compile_sim_obj", "get_simkernel_so", "load_sim_obj", "reset_rtlsim"),
    *("close_rtlsim", "rtlsim_multi_io"),
)


def has_vivado() -> bool:
    """Whether FINN can go on to stitched IP and synthesis."""
    return shutil.which("vivado") is not None


def boot() -> None:
    """Prepare the process for FINN; call it before the first import of ``finn``.

    Without Vivado FINN's simulation kernel does not load: its names become classes that raise when
    they are used. Raises UserError where finn-plus is missing or of another release.
    """
    try:
        found = version("finn-plus")
    except PackageNotFoundError as error:
        raise UserError("finn-plus is not installed in this Python: run `make finn`") from error
    if found != VERSION:
        raise UserError(
            f"finn-plus {found} is installed, but {VERSION} is supported: remove .finn and run `make finn`"
        )
    os.environ.setdefault("FINN_BUILD_DIR", tempfile.gettempdir())
    os.environ.setdefault("NUM_DEFAULT_WORKERS", "1")
    if has_vivado():
        return
    os.environ.setdefault("XILINX_VIVADO", "/not/installed/2024.2")
    import finn.xsi

    for name in _LAZY:
        setattr(finn.xsi, name, type(name, (_NeedsVivado,), {}))


class _NeedsVivado:
    def __init__(self, *_: object, **__: object) -> None:
        raise UserError("FINN's own simulation needs Vivado, which is not on PATH")
