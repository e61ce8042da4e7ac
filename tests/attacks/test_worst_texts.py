"""No text of up to 1 MiB needs much processor time or memory or crashes the process, also with the small stack of a thread."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests import ROOT
from tests.helpers.newsrooms import write

GROUPS: Final = 4
# On an idle machine no text takes 2 s or 500 MB.
_MAX_SECONDS: Final = 15  # of processor time
_MAX_MEGABYTES: Final = 800
_STACK_SIZE: Final = 256 * 1024  # bytes, a fraction of the default of threads

_RENDER: Final = f"""
import json, resource, sys, threading
from time import thread_time
from feedsvc.content.markdown.render import LimitExceeded, excerpt, plain_text, removed_elements, render, render_within_limits
from tests.attacks.worst_texts import TEXTS
resource.setrlimit(resource.RLIMIT_AS, (2_000_000_000, 2_000_000_000))
urls = dict(base_url="https://news.example/daily", page="https://news.example/daily/articles/a/")

def work():
    for name in list(TEXTS)[int(sys.argv[1])::{GROUPS}]:
        assert len(TEXTS[name].encode()) <= 1024 * 1024, name
        start = thread_time()
        result = render_within_limits(TEXTS[name], **urls)
        size = -1 if isinstance(result, LimitExceeded) else len(result.html.encode())
        excerpt(plain_text((result if size >= 0 else render(TEXTS[name], **urls)).html))
        removed_elements(TEXTS[name])
        print(json.dumps([name, thread_time() - start, size]), flush=True)

threading.stack_size({_STACK_SIZE})
thread = threading.Thread(target=work)
thread.start()
thread.join()
# ru_maxrss would be at least that of the parent process.
print(next(int(line.split()[1]) / 1000 for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""
_LIMITED_PROGRAM: Final = """
import resource
resource.setrlimit(resource.RLIMIT_AS, (1_500_000_000, 1_500_000_000))
from feedsvc.__main__ import program
program()
"""


@pytest.mark.parametrize("group", range(GROUPS))
def test_worst_texts_are_rendered_within_time_and_memory_limits(group: int) -> None:
    from tests.attacks.worst_texts import TEXTS  # not in every test process: the texts have more than 100 MB

    command = [sys.executable, "-c", _RENDER, str(group)]
    result = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=600, check=False)
    *lines, peak = result.stdout.splitlines()
    measurements = [json.loads(line) for line in lines]
    assert result.returncode == 0, (measurements[-1:], result.returncode, result.stderr[-500:])
    assert len(measurements) == len(list(TEXTS)[group::GROUPS])
    assert [measurement for measurement in measurements if measurement[1] > _MAX_SECONDS or measurement[2] > 2_000_000] == []
    assert float(peak) < _MAX_MEGABYTES


@pytest.mark.parametrize("name", ["references to one long address", "'>' repeated", "references to one footnote"])
@pytest.mark.parametrize("command", ["check", "build"])
def test_no_text_fills_the_disk_or_the_memory(tmp_path: Path, name: str, command: str) -> None:
    """Before the fix, a text of 150 kB let `check` use 4.4 GB of memory and `build` write 3.4 GB."""
    from tests.attacks.worst_texts import TEXTS

    front_matter = "---\nid: tag:a.example,2026:a\ntitle: A\npublished: 2026-01-02\n---\n"
    files = {"site.yaml": "title: A\nbase_url: https://a.example\n", "articles/a.md": front_matter + TEXTS[name][:150_000]}
    content = write(tmp_path / "content", files)
    output = [tmp_path / "tree"] if command == "build" else []
    arguments = [sys.executable, "-c", _LIMITED_PROGRAM, command, *output, content]
    result = subprocess.run(arguments, capture_output=True, text=True, cwd=ROOT, timeout=300, check=False)
    assert "Traceback" not in result.stderr, result.stderr
    assert "MemoryError" not in result.stderr, result.stderr
    assert result.returncode in (0, 1), (result.returncode, result.stderr)
    assert sum(file.stat().st_size for file in (tmp_path / "tree").rglob("*") if file.is_file()) < 30_000_000
