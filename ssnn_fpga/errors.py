"""The one error that a user can cause: everything that is wrong with the input."""

from __future__ import annotations


class UserError(Exception):
    """Input that cannot be used. The message is one sentence: the culprit and the remedy.

    The command line prints it without a traceback and exits with code 2.
    """
