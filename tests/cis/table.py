"""The rules as a part of a page for people."""

from pathlib import Path

from tests.cis.rules import ROLES, RULES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "security.md"
_BEGIN, _END = "<!-- begin of the table of `python -m tests.cis` -->", "<!-- end of the table -->"


def table() -> str:
    """Every rule and container; a number stands for the reason below it."""
    reasons: list[str] = []
    rows = []
    for rule in RULES:
        cells = []
        for role in ROLES:
            reason = rule.unknown or rule.but.get(role)
            if reason and reason not in reasons:
                reasons.append(reason)
            word = "unknown" if rule.unknown else "no"
            cells.append(f"{word} ({reasons.index(reason) + 1})" if reason else "yes")
        rows.append(f"| {rule.number} | {rule.says} | {' | '.join(cells)} |")
    header = f"| CIS | rule | {' | '.join(ROLES)} |\n|{'---|' * (len(ROLES) + 2)}"
    numbered = [f"{number}. {reason}." for number, reason in enumerate(reasons, start=1)]
    return "\n".join([header, *rows, "", *numbered])


def in_page(text: str) -> str:
    """What stands between the marks of *text*."""
    return text.partition(_BEGIN)[2].partition(_END)[0].strip()


def written_into(text: str) -> str:
    before, _, rest = text.partition(_BEGIN)
    return f"{before}{_BEGIN}\n\n{table()}\n\n{_END}{rest.partition(_END)[2]}"
