"""Entry point of `python -m feedsvc` and of the program `feedsvc`."""

from __future__ import annotations

import gc

from feedsvc.cli import main


def program() -> None:
    """Run the command that the command line names. The process ends afterwards.

    The garbage collector is off, because nearly all objects of a start live until the end. Commands that render pages or keep
    running enable it after their start (gc_control.freeze_heap).
    """
    gc.disable()
    try:
        main(prog_name="feedsvc")  # also if it is run as python -m feedsvc, so that its completion works
    finally:
        # The interpreter's last collection would take a tenth of a second and gain nothing.
        gc.freeze()


if __name__ == "__main__":
    program()
