"""SQLAlchemy, which takes 0.3 s and 30 MB, is imported only where views are counted or a site has private feeds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests import ROOT
from tests.helpers import newsrooms

_BLUEPRINT = """
import sys, time
from pathlib import Path
from flask import Flask
from feedsvc.flask import blueprint
newsroom = blueprint(Path(sys.argv[1]), state=Path(sys.argv[2]), base_url="http://localhost/")
application = Flask("site")
application.register_blueprint(newsroom)
assert application.test_client().get("/feed.rss").status_code == 200
end = time.monotonic() + (50 if "private" in sys.argv else 0.3)
while time.monotonic() < end and "sqlalchemy" not in sys.modules:
    time.sleep(0.01)
print("sqlalchemy" in sys.modules)
newsroom.close()
"""


def test_commands_do_not_load_sqlalchemy_at_their_start() -> None:
    modules = ", ".join(f"feedsvc.cli.{name}" for name in ("serve_runner", "views", "token", "build_runner"))
    subprocess.run([sys.executable, "-c", f"import sys, {modules}; sys.exit('sqlalchemy' in sys.modules)"], check=True, cwd=ROOT)


@pytest.mark.parametrize("access", ["public", "private"])
def test_a_site_without_counting_loads_sqlalchemy_only_for_private_feeds(tmp_path: Path, access: str) -> None:
    content = newsrooms.write_sample(tmp_path / "content")
    (content / "feeds.yaml").write_text(f"wire: {{title: The wire, include: {{categories: [asia]}}, access: {access}}}\n")
    line = [sys.executable, "-c", _BLUEPRINT, content, tmp_path / "state", access]
    result = subprocess.run(line, check=True, cwd=ROOT, capture_output=True, text=True)
    assert result.stdout == f"{access == 'private'}\n"
