"""Seeds of tests that act at random."""

from __future__ import annotations

import random
import sys


def seed_of_run() -> int:
    """Return a seed, and print it, which pytest shows for a failed test. The same --randomly-seed gives the same seed again."""
    seed = random.randrange(10**9)
    sys.stdout.write(f"seed {seed}\n")
    return seed
