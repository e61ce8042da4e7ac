"""Bytecode cache of the built-in templates, like Python's own for modules: a template is compiled once, not at each start.

Jinja is imported only here and in theme.py, sandbox.py and template_compiler.py.
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

# Errors if the file cannot be read or written or is cut short, or if Python caches no bytecode: the template is compiled again.
_CACHE_ERRORS: Final = (OSError, EOFError, ValueError, TypeError, NotImplementedError)


class FileBytecodeCache(BytecodeCache):
    """Cache in the subfolder __pycache__ of a folder (PEP 3147); without effect if the files cannot be written.

    Its files are trusted: a user who can write there can change modules, too.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @cached_property
    def _compiler_digest(self) -> bytes:
        """Digest of everything that the compiled code of a template depends on, except the template's text."""
        compiler_sources = [Path(str(module.__file__)).read_bytes() for module in (sandbox, template_compiler)]
        return blake2b(b"".join((*compiler_sources, jinja2.__version__.encode(), MAGIC_NUMBER)), digest_size=16).digest()

    def get_cache_key(self, name: str, filename: str | None = None) -> str:  # noqa: ARG002
        return name

    def load_bytecode(self, bucket: Bucket) -> None:
        with suppress(*_CACHE_ERRORS):
            data, header = self._file(bucket).read_bytes(), self._header(bucket)
            if data.startswith(header):
                bucket.code = marshal.loads(data[len(header) :])  # noqa: S302 - trusted like the modules' bytecode

    def dump_bytecode(self, bucket: Bucket) -> None:
        if sys.dont_write_bytecode:
            return
        with suppress(*_CACHE_ERRORS):
            file = self._file(bucket)
            file.parent.mkdir(exist_ok=True)
            _replace_file(file, self._header(bucket) + marshal.dumps(bucket.code))

    def _header(self, bucket: Bucket) -> bytes:
        return self._compiler_digest + bucket.checksum.encode()

    def _file(self, bucket: Bucket) -> Path:
        return Path(cache_from_source(str(self._folder / f"{bucket.key}.py")))


def _replace_file(file: Path, data: bytes) -> None:
    temporary = file.with_name(f"{os.getpid()}-{file.name}")
    try:
        temporary.write_bytes(data)
        temporary.replace(file)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
