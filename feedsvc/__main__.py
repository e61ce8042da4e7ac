"""Entry point of `python -m feedsvc` and of the program `feedsvc`."""

from __future__ import annotations

from feedsvc.cli import main
from feedsvc.support import gc_control


def program() -> None:
    """Run the command that the command line names. The process ends afterwards."""
    try:
        main()
    finally:
        # The process ends now. A last garbage collection would take a tenth of a second and gain nothing.
        gc_control.freeze_heap()


if __name__ == "__main__":
    program()
