"""python -m feedsvc, and the program feedsvc"""

from __future__ import annotations

from feedsvc.cli import main
from feedsvc.support import gc_control


def program() -> None:
    """One command, and then the end of the process."""
    try:
        main()
    finally:
        # What there is by now goes with the process; to look through it for garbage first would take a tenth of a second.
        gc_control.settle()


if __name__ == "__main__":
    program()
