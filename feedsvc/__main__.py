"""python -m feedsvc, and the program feedsvc"""

from __future__ import annotations

from feedsvc import collector
from feedsvc.cli import main


def program() -> None:
    """One command, and then the end of the process."""
    try:
        main()
    finally:
        # What there is by now goes with the process; to look through it for garbage first would take a tenth of a second.
        collector.settle()


if __name__ == "__main__":
    program()
