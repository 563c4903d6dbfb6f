"""`python -m tests.supply_chain`: advisories, licences and the bill of materials, for `make audit` and a release."""

import argparse
import sys
from pathlib import Path

from tests.supply_chain.advisories import advisories
from tests.supply_chain.bill_of_materials import bill_of_materials
from tests.supply_chain.licences import licences
from tests.supply_chain.verdict import PROJECT

_FAILED, _UNKNOWN = 1, 3


def main() -> int:
    """0 when all passed, 1 when something failed, 3 when nothing failed and something is unknown."""
    parser = argparse.ArgumentParser(prog="python -m tests.supply_chain", description=__doc__)
    parser.add_argument("--osv-url", help="ask this OSV server (its /v1/query) for advisories, not PyPI")
    parser.add_argument("--sbom", type=Path, default=PROJECT / ".cache" / "sbom.cdx.json", help="file to write")
    parser.add_argument("--sbom-only", action="store_true", help="ask nobody, write the bill of materials")
    arguments = parser.parse_args()
    verdicts = [bill_of_materials(arguments.sbom)]
    if not arguments.sbom_only:
        verdicts += [licences(), advisories(arguments.osv_url)]
    for verdict in verdicts:
        print(verdict, flush=True)
    statuses = {verdict.status for verdict in verdicts}
    return _FAILED if "failed" in statuses else _UNKNOWN if "unknown" in statuses else 0


if __name__ == "__main__":
    sys.exit(main())
