"""The product's own templates as code, kept as Python keeps that of its modules: made once, not at each start.

Jinja's fourth room, beside theme.py, sandbox.py and spelling.py.
"""

from __future__ import annotations

import marshal
import os
import sys
from contextlib import suppress
from functools import cached_property
from hashlib import blake2b
from importlib.util import MAGIC_NUMBER, cache_from_source
from pathlib import Path
from typing import Final

import jinja2
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

from feedsvc.pages import sandbox, template_compiler

# Not to be read or written, cut short, or a Python that keeps no code: then a template is made code once more.
_NONE: Final = (OSError, EOFError, ValueError, TypeError, NotImplementedError)


class Beside(BytecodeCache):
    """In __pycache__ of a folder (PEP 3147), where that can be written; whoever may can change the program, too."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @cached_property
    def _maker(self) -> bytes:
        """Stands for everything but its text that a template's code is made from."""
        makers = [Path(str(module.__file__)).read_bytes() for module in (sandbox, template_compiler)]
        return blake2b(b"".join((*makers, jinja2.__version__.encode(), MAGIC_NUMBER)), digest_size=16).digest()

    def get_cache_key(self, name: str, filename: str | None = None) -> str:  # noqa: ARG002
        return name

    def load_bytecode(self, bucket: Bucket) -> None:
        with suppress(*_NONE):
            data, mark = self._place(bucket).read_bytes(), self._mark(bucket)
            if data.startswith(mark):
                bucket.code = marshal.loads(data[len(mark) :])  # noqa: S302 - as much our own as the modules are

    def dump_bytecode(self, bucket: Bucket) -> None:
        if sys.dont_write_bytecode:
            return
        with suppress(*_NONE):
            place = self._place(bucket)
            place.parent.mkdir(exist_ok=True)
            _replace(place, self._mark(bucket) + marshal.dumps(bucket.code))

    def _mark(self, bucket: Bucket) -> bytes:
        return self._maker + bucket.checksum.encode()

    def _place(self, bucket: Bucket) -> Path:
        return Path(cache_from_source(str(self._folder / f"{bucket.key}.py")))


def _replace(place: Path, data: bytes) -> None:
    new = place.with_name(f"{os.getpid()}-{place.name}")
    try:
        new.write_bytes(data)
        new.replace(place)
    except OSError:
        new.unlink(missing_ok=True)
        raise
