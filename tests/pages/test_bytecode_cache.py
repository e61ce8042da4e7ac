"""The bytecode of the built-in templates is compiled once; a start uses the cache files and ignores invalid ones."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import feedsvc

# Compiled templates, and files that another process is writing.
NO_MODULES = (f"{'?' * 40}.*.pyc", "*.pyc.*", "*.tmp")
SCRIPT = """
from feedsvc.pages import theme
compilations = []
environment = theme.builtin_environment()
compile_ = environment.compile
environment.compile = lambda *arguments, **options: compilations.append(1) or compile_(*arguments, **options)
theme.compile_builtin_templates()
print(len(compilations), len(theme.builtin_template_names()))
"""


@pytest.fixture
def installation(tmp_path: Path) -> Path:
    """Copy the package into a folder of its own, like a new installation, but with the bytecode of its modules."""
    shutil.copytree(Path(feedsvc.__file__).parent, tmp_path / "feedsvc", ignore=shutil.ignore_patterns(*NO_MODULES))
    return tmp_path


def compile_templates(installation: Path, *options: str) -> tuple[int, int]:
    """Compile the templates in a new process; return the number of compilations and of templates."""
    command = [sys.executable, *options, "-c", SCRIPT]
    result = subprocess.run(command, env={}, capture_output=True, text=True, check=True, cwd=installation)
    compilations, templates = map(int, result.stdout.split())
    return compilations, templates


def cache_files(installation: Path) -> list[Path]:
    return sorted(installation.rglob(NO_MODULES[0]))


def test_second_start_compiles_no_template(installation: Path) -> None:
    compilations, templates = compile_templates(installation)
    assert compilations == templates > 0
    assert len(cache_files(installation)) == templates
    assert compile_templates(installation) == (0, templates)


def test_truncated_or_outdated_cache_files_are_compiled_again(installation: Path) -> None:
    _, templates = compile_templates(installation)
    first, second, third, *_ = cache_files(installation)
    first.write_bytes(first.read_bytes()[:-20])
    second.write_bytes(b"another version" + second.read_bytes())
    third.write_bytes(b"")
    assert compile_templates(installation) == (3, templates)
    assert compile_templates(installation) == (0, templates)


@pytest.mark.parametrize("module", ["environments"])
def test_templates_are_compiled_again_after_a_change_of_the_compiler(installation: Path, module: str) -> None:
    _, templates = compile_templates(installation)
    with (installation / f"feedsvc/pages/{module}.py").open("a") as file:
        file.write("# changed\n")
    assert compile_templates(installation) == (templates, templates)
    assert len(cache_files(installation)) == templates


def test_python_option_b_writes_no_cache_file(installation: Path) -> None:
    compilations, templates = compile_templates(installation, "-B")
    assert compilations == templates
    assert cache_files(installation) == []


def test_failed_write_leaves_no_temporary_file(installation: Path) -> None:
    compile_templates(installation)
    for cache_file in cache_files(installation):
        cache_file.unlink()
        cache_file.mkdir()
        (cache_file / "in the way").touch()
    compilations, templates = compile_templates(installation)
    assert compilations == templates
    assert [path for path in (installation / "feedsvc/pages/__pycache__").iterdir() if path.suffix == ".tmp"] == []


def test_templates_are_compiled_if_no_cache_file_can_be_written(installation: Path) -> None:
    no_folder = installation / "no folder"
    no_folder.touch()
    compilations, templates = compile_templates(installation, "-X", f"pycache_prefix={no_folder}")
    assert compilations == templates
    assert cache_files(installation) == []
