"""Every file that an install reads names one version and its hashes for each package, and is the `.in` file's own."""

from pathlib import Path

import pytest

from tests.supply_chain.locks import Pin, asked_for, pins
from tests.supply_chain.verdict import LOCKS, PROJECT

SHORT = {
    PROJECT / "requirements.txt": PROJECT / "components" / "requirements.in",
    PROJECT / "tests" / "requirements.txt": PROJECT / "tests" / "requirements.in",
    PROJECT / "tests" / "litellm" / "requirements.txt": PROJECT / "tests" / "litellm" / "requirements.in",
}
OF_THE_WORKSPACE = PROJECT / "docs" / "gitops" / "kubernetes" / "installer-requirements.txt"
OF_PREPARATION = sorted((PROJECT / "air_gapped" / "pypi").glob("*.txt"))


@pytest.mark.parametrize(
    "lock", [*SHORT, OF_THE_WORKSPACE, *OF_PREPARATION], ids=lambda path: str(path.relative_to(PROJECT))
)
def test_every_package_has_one_version_and_hashes(lock: Path) -> None:
    found = pins(lock)

    assert found
    assert [pin for pin in found if not pin.version or not pin.sha256] == []


@pytest.mark.parametrize(("lock", "short"), SHORT.items(), ids=lambda path: str(path.relative_to(PROJECT)))
def test_every_package_that_is_asked_for_is_locked(lock: Path, short: Path) -> None:
    assert asked_for(short) - {pin.name for pin in pins(lock)} == set()


def test_product_and_tests_agree_on_every_package_that_both_have() -> None:
    product, tests = ({pin.name: pin for pin in pins(lock)} for lock in LOCKS)

    assert {name: tests[name] for name in product.keys() & tests} == {
        name: product[name] for name in product.keys() & tests
    }


def test_every_lock_that_an_install_reads_is_looked_at() -> None:
    kept = {path for path in PROJECT.rglob("*requirements*.txt") if not {".venv", ".cache"} & set(path.parts)}

    assert kept == {*SHORT, OF_THE_WORKSPACE}


@pytest.mark.parametrize(
    ("line", "pin"),
    [
        ("Alpha_Beta>=2", Pin("alpha-beta", "", frozenset())),
        ("alpha==2 ; sys_platform == 'win32'", Pin("alpha", "2", frozenset())),
        (f"alpha==2 \\\n    --hash=sha256:{'0' * 64}", Pin("alpha", "2", frozenset({"0" * 64}))),
        (f"alpha==2 \\\n    --hash=md5:{'0' * 32}", Pin("alpha", "2", frozenset())),
    ],
)
def test_a_line_without_an_exact_version_or_a_strong_hash_is_seen_as_that(line: str, pin: Pin, tmp_path: Path) -> None:
    (tmp_path / "lock.txt").write_text(f"{line}\n")

    assert pins(tmp_path / "lock.txt") == [pin]
