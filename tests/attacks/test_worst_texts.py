"""No text of up to 1 MiB keeps a process busy for long, takes much of its memory or ends it, in a thread as servers have."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests import ROOT
from tests.attacks.worst_texts import TEXTS
from tests.helpers.newsrooms import write

GROUPS: Final = 4
# Generous: on an idle machine no text takes 2 s and 500 MB.
_SECONDS: Final = 15  # of the processor's time
_MEGABYTES: Final = 800
_STACK: Final = 256 * 1024  # bytes, a fraction of what threads get

_RENDER: Final = f"""
import json, resource, sys, threading
from time import thread_time
from feedsvc.content.markdown.render import LimitExceeded, excerpt, plain_text, removed_elements, render, render_within_limits
from tests.attacks.worst_texts import TEXTS
resource.setrlimit(resource.RLIMIT_AS, (2_000_000_000, 2_000_000_000))
place = dict(base_url="https://news.example/daily", page="https://news.example/daily/articles/a/")

def work():
    for name in list(TEXTS)[int(sys.argv[1])::{GROUPS}]:
        assert len(TEXTS[name].encode()) <= 1024 * 1024, name
        began = thread_time()
        made = render_within_limits(TEXTS[name], **place)
        size = -1 if isinstance(made, LimitExceeded) else len(made.html.encode())
        excerpt(plain_text(render(TEXTS[name], **place).html))
        removed_elements(TEXTS[name])
        print(json.dumps([name, thread_time() - began, size]), flush=True)

threading.stack_size({_STACK})
thread = threading.Thread(target=work)
thread.start()
thread.join()
# ru_maxrss would be at least what the process had that started this one.
print(next(int(line.split()[1]) / 1000 for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""
_PROGRAM: Final = """
import resource
resource.setrlimit(resource.RLIMIT_AS, (1_500_000_000, 1_500_000_000))
from feedsvc.__main__ import program
program()
"""


@pytest.mark.parametrize("group", range(GROUPS))
def test_the_worst_texts_are_rendered_within_seconds_and_little_memory(group: int) -> None:
    command = [sys.executable, "-c", _RENDER, str(group)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=600, check=False)
    *lines, peak = done.stdout.splitlines()
    made = [json.loads(line) for line in lines]
    assert done.returncode == 0, (made[-1:], done.returncode, done.stderr[-500:])
    assert len(made) == len(list(TEXTS)[group::GROUPS])
    assert [one for one in made if one[1] > _SECONDS or one[2] > 2_000_000] == []
    assert float(peak) < _MEGABYTES


@pytest.mark.parametrize("name", ["references to one long address", "'>' again and again", "references to one footnote"])
@pytest.mark.parametrize("command", ["check", "build"])
def test_no_text_fills_the_disk_or_the_memory(tmp_path: Path, name: str, command: str) -> None:
    """One of 150 kB once had `check` take 4.4 GB and `build` write 3.4 GB."""
    front = "---\nid: tag:a.example,2026:a\ntitle: A\npublished: 2026-01-02\n---\n"
    files = {"site.yaml": "title: A\nbase_url: https://a.example\n", "articles/a.md": front + TEXTS[name][:150_000]}
    content = write(tmp_path / "content", files)
    to = [tmp_path / "tree"] if command == "build" else []
    arguments = [sys.executable, "-c", _PROGRAM, command, *to, content]
    done = subprocess.run(arguments, capture_output=True, text=True, cwd=ROOT, timeout=300, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    assert "MemoryError" not in done.stderr, done.stderr
    assert done.returncode in (0, 1), (done.returncode, done.stderr)
    assert sum(file.stat().st_size for file in (tmp_path / "tree").rglob("*") if file.is_file()) < 30_000_000
