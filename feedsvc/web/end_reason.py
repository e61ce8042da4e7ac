"""Reason for the end of a server, as its last log line states it."""

from __future__ import annotations

import signal


def signal_name(number: int) -> str:
    """Return the name of a signal, such as "SIGTERM"; for SIGINT, it is "SIGINT (Ctrl-C)"."""
    name = signal.Signals(number).name
    return f"{name} (Ctrl-C)" if number == signal.SIGINT else name


def end_sentence(reason: str) -> str:
    """Return the sentence for the operator; `reason` is a result of `signal_name`."""
    return f"the server has ended because of {reason}"
