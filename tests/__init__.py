"""The tests of feedsvc; README.md beside this file is their map."""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]  # of the repository
