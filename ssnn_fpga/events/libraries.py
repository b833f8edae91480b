"""Libraries that reading data needs now and then, imported when they are needed."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ssnn_fpga.errors import UserError


def library(module: str, what: str, extra: str = "train") -> Any:
    """The module, for ``what``, which messages name, of an ``extra``. Raises UserError if it is missing."""
    try:
        return import_module(module)
    except ImportError as error:
        name = module.split(".")[0]
        raise UserError(f"{what} need the library {name}: pip install 'ssnn-fpga[{extra}]'.") from error
