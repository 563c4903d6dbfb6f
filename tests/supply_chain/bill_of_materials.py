"""
What the product is made of, as a CycloneDX document: every package of requirements.txt with the hashes that an install
accepts. It is made of that file alone, so the same commit gives the same bytes anywhere.
"""

import subprocess
import sys
from pathlib import Path

from tests.supply_chain.verdict import LOCKS, Verdict


def bill_of_materials(target: Path, lock: Path = LOCKS[0]) -> Verdict:
    """Write the document to *target*; cyclonedx-py holds it to the schema of CycloneDX 1.6 first."""
    target.parent.mkdir(parents=True, exist_ok=True)
    # The index is named, or this machine's own would be.
    command = [sys.executable, "-m", "cyclonedx_py", "requirements", "--index-url", "https://pypi.org/simple"]
    command += ["--spec-version", "1.6", "--output-format", "JSON", "--output-reproducible", "--validate"]
    done = subprocess.run(
        [*command, "--output-file", str(target), str(lock)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        return Verdict("bill of materials", "failed", tuple(done.stderr.strip().splitlines()[-3:]))
    return Verdict("bill of materials", "passed", (str(target),))
