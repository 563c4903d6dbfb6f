"""
The files of a release: `python -m tests.supply_chain.release v1.2.0 --into dist`.

The archive is made of the commit that is checked out and of nothing else on the machine: names, modes and times in it
are git's. The same zlib then gives the same bytes; with another the tar inside is still the same.
"""

import argparse
import gzip
import hashlib
import subprocess
import sys
from pathlib import Path

from tests.supply_chain.bill_of_materials import bill_of_materials
from tests.supply_chain.verdict import PROJECT

SUMS = "SHA256SUMS"


def release(tag: str, target: Path, project: Path = PROJECT) -> None:
    """
    Write the archive, the bill of materials and their checksums to the folder *target*.

    Raises:
        SystemExit: git or cyclonedx-py refused; it says why.
    """
    target.mkdir(parents=True, exist_ok=True)
    name = f"trugen-llm-{tag}"
    made = [target / f"{name}.tar.gz", target / "sbom.cdx.json"]
    made[0].write_bytes(gzip.compress(_archive(name, project), mtime=0))
    verdict = bill_of_materials(made[1], project / "requirements.txt")
    if verdict.status != "passed":
        raise SystemExit(str(verdict))
    sums = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in made]
    (target / SUMS).write_text("".join(sums))


def _archive(name: str, project: Path) -> bytes:
    # The mask is a setting of whoever runs it, unless it is given.
    command = ["git", "-c", "tar.umask=0022", "archive", "--format=tar", f"--prefix={name}/", "HEAD"]
    done = subprocess.run(command, cwd=project, capture_output=True, check=False)
    if done.returncode:
        raise SystemExit(f"git archive: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.supply_chain.release")
    parser.add_argument("tag")
    parser.add_argument("--into", type=Path, required=True)
    arguments = parser.parse_args()
    release(arguments.tag, arguments.into)
    print((arguments.into / SUMS).read_text(), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
