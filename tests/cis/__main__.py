"""`python -m tests.cis`: write the table of docs/security.md."""

from tests.cis.table import PAGE, written_into

PAGE.write_text(written_into(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
