"""python tests/audit.py FILE: check the packages of a requirements file for known vulnerabilities.

The exit status is 1 if there is one, and NOTHING_AUDITED if the database of vulnerabilities answered for no package; pip-audit
itself would report that there is no vulnerability. Run with a Python that has pip-audit.
"""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

NOTHING_AUDITED = 3  # .ci/run goes on after this status, but after no other error


def _warn(text: str) -> None:
    """Print a warning that is easy to see in a long log, and as an annotation for GitHub Actions."""
    line = f"audit: WARNING: {text}"
    print("!" * 80, line, "!" * 80, sep="\n", file=sys.stderr)
    if os.environ.get("GITHUB_ACTIONS") == "true":
        print(f"::warning title=audit::{text}")


def main(requirements: str) -> int:
    result = subprocess.run(
        [sys.executable, "-m", "pip_audit", "--require-hashes", "--disable-pip", "-f", "json", "-r", requirements],
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        packages: list[dict[str, Any]] = json.loads(result.stdout)["dependencies"]
    except (ValueError, KeyError):
        last_line = (result.stderr.strip().splitlines() or ["pip-audit printed nothing"])[-1]
        packages = [{"skip_reason": last_line}]
    return _report(packages)


def _report(packages: Sequence[dict[str, Any]]) -> int:
    """Print what pip-audit found about the packages, and return the exit status."""
    skipped = [package for package in packages if "skip_reason" in package]
    if len(skipped) == len(packages):
        reason = skipped[0]["skip_reason"] if skipped else "no package was named"
        _warn(f"NOTHING WAS AUDITED: the database of vulnerabilities answered for no package ({reason})")
        return NOTHING_AUDITED
    vulnerabilities = [
        (package["name"], package["version"], vulnerability) for package in packages for vulnerability in package.get("vulns", ())
    ]
    for name, version, vulnerability in vulnerabilities:
        fixed_in = ", ".join(vulnerability["fix_versions"]) or "no version yet"
        print(f"audit: {name} {version}: {vulnerability['id']}, fixed in {fixed_in}")
    count = len(vulnerabilities)
    print(f"audit: {len(packages) - len(skipped)} of {len(packages)} packages were audited, {count} vulnerabilities are known")
    if skipped:
        _warn(f"{len(skipped)} PACKAGES WERE NOT AUDITED, for example: {skipped[0]['skip_reason']}")
    return 1 if vulnerabilities else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
