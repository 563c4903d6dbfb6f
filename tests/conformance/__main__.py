"""
`python -m tests.conformance [NAME…]`: which server passes which check of the gate, real ones and stand-ins.

Ends with 1 when a server that is here is not ready.
"""

import argparse
import json
import sys

from tests.conformance.expected import reasons
from tests.conformance.subjects import SUBJECTS
from tests.conformance.table import PAGE, examined, markdown, text


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance")
    parser.add_argument("name", nargs="*", help="of a server; all by default")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.name}; wants every server here")
    given = parser.parse_args()
    wanted = [subject for subject in SUBJECTS if not given.name or subject.name in given.name]
    if not wanted:
        parser.error(f"there are {', '.join(subject.name for subject in SUBJECTS)}")
    rows = []
    for subject in wanted:
        print(f"examining {subject}", file=sys.stderr)
        rows.append(examined(subject))
    print(json.dumps([row.as_dict() for row in rows], indent=2) if given.json else "\n".join(text(rows)))
    if given.write:
        if len(rows) < len(SUBJECTS) or not all(row.is_ready for row in rows):
            parser.error("the page was not written: it wants every server, here and ready")
        PAGE.write_text(markdown(rows, reasons()), encoding="utf-8")
    return int(any(not row.is_ready and not row.missing for row in rows))


sys.exit(main())
