"""`make audit` does not report success if the database of vulnerabilities answered for no package."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests import ROOT
from tests.audit import NOTHING_AUDITED

SAFE: Final = {"name": "flask", "version": "3.1.2", "vulns": []}
VULNERABLE: Final = {"name": "lxml", "version": "5.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["5.1"]}]}
SKIPPED: Final = {"name": "babel", "skip_reason": "Dependency not found: babel"}


@pytest.mark.parametrize(
    ("output", "status", "words"),
    [
        ({"dependencies": [SAFE]}, 0, "1 of 1 packages were audited, 0 vulnerabilities are known"),
        ({"dependencies": [SAFE, SKIPPED]}, 0, "1 PACKAGES WERE NOT AUDITED, for example: Dependency not found: babel"),
        ({"dependencies": [SKIPPED, VULNERABLE]}, 1, "lxml 5.0: PYSEC-1, fixed in 5.1"),
        ({"dependencies": [SKIPPED, SKIPPED]}, NOTHING_AUDITED, "answered for no package (Dependency not found: babel)"),
        ({}, NOTHING_AUDITED, "answered for no package (pip-audit printed nothing)"),
    ],
    ids=["safe", "partly skipped", "vulnerable", "all skipped", "no answer"],
)
def test_status_says_whether_anything_was_audited(output: object, status: int, words: str, tmp_path: Path) -> None:
    """pip-audit is a module that prints its output, because the real one asks a database on the internet."""
    (tmp_path / "pip_audit.py").write_text(f"print({json.dumps(output)!r})", "utf-8")
    command = [sys.executable, ROOT / "tests/audit.py", "requirements.lock"]
    variables = {**os.environ, "PYTHONPATH": str(tmp_path)}
    result = subprocess.run(command, check=False, capture_output=True, text=True, cwd=tmp_path, env=variables)
    assert result.returncode == status, result.stderr
    assert words in result.stdout + result.stderr
