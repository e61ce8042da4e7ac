"""python tests/audit.py FILE: is anything that a file of requirements names known to be vulnerable?

Exit status 1 where something is. Where the database of vulnerabilities does not answer, nothing can be said: that is told, and
fails nothing. pip-audit itself would then say that it knows of no vulnerability. Run with a Python that has pip-audit.
"""

import json
import os
import subprocess
import sys


def _warn(sentence: str) -> None:
    """Print a warning that stands out in a long log, and as an annotation where a workflow reads the output."""
    line = f"audit: WARNING: {sentence}"
    print("!" * 80, line, "!" * 80, sep="\n", file=sys.stderr)
    if os.environ.get("GITHUB_ACTIONS") == "true":
        print(f"::warning title=audit::{sentence}")


def main(requirements: str) -> int:
    told = subprocess.run(
        [sys.executable, "-m", "pip_audit", "--require-hashes", "--disable-pip", "-f", "json", "-r", requirements],
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        packages = json.loads(told.stdout)["dependencies"]
    except (ValueError, KeyError):
        last = (told.stderr.strip().splitlines() or ["it said nothing"])[-1]
        _warn(f"NOTHING WAS AUDITED: the database of vulnerabilities did not answer ({last})")
        return 0
    skipped = [one for one in packages if "skip_reason" in one]
    found = [(one["name"], one["version"], bug) for one in packages for bug in one.get("vulns", ())]
    for name, version, bug in found:
        print(f"audit: {name} {version}: {bug['id']}, mended in {', '.join(bug['fix_versions']) or 'no version yet'}")
    print(f"audit: {len(packages) - len(skipped)} of {len(packages)} packages were audited, {len(found)} faults are known")
    if skipped:
        _warn(f"{len(skipped)} PACKAGES WERE NOT AUDITED, for example: {skipped[0]['skip_reason']}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
