"""Entry point of `python -m feedsvc` and of the program `feedsvc`."""

from __future__ import annotations

import gc
import os
import sys
from io import TextIOWrapper

from feedsvc.cli import main
from feedsvc.support.posix import IS_WINDOWS


def program() -> None:
    """Run the command that the command line names, then raise SystemExit with the exit status of the command.

    Before the command, the garbage collector is turned off, because nearly all objects of a start live until the end. Commands
    that render pages or keep running enable it after their start (process.freeze_heap).
    """
    gc.disable()
    _open_standard_files()
    _prepare_output()
    try:
        main(prog_name="feedsvc")  # also if it is run as python -m feedsvc, so that its completion works
    finally:
        # The interpreter's last collection would take a tenth of a second and gain nothing.
        gc.freeze()


def _open_standard_files() -> None:
    """Open the null device in place of each standard file that the caller has closed, as `2>&-` does.

    Otherwise the next file that is opened, such as a database, would get the descriptor of that standard file, and output would
    be written into it. Does nothing on Windows.
    """
    for descriptor, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None and not IS_WINDOWS:
            opened = os.open(os.devnull, os.O_RDWR)  # gets the lowest free number, which is that of the closed file
            os.set_inheritable(opened, descriptor == opened)
            setattr(sys, name, open(opened, "r" if name == "stdin" else "w", encoding="utf-8"))  # noqa: SIM115 - open until the end


def _prepare_output() -> None:
    """Make stdout and stderr write a character that their encoding lacks as an escape sequence, not raise an exception.

    On Windows, also make them write UTF-8 into a file or to a program, unless PYTHONIOENCODING is set: Python would use the
    encoding of the region there, but text editors and workflows expect UTF-8.
    """
    for stream in (sys.stdout, sys.stderr):
        if not isinstance(stream, TextIOWrapper):
            continue
        if IS_WINDOWS and not stream.isatty() and not os.environ.get("PYTHONIOENCODING"):
            stream.reconfigure(encoding="utf-8")
        if stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")


if __name__ == "__main__":
    program()
