"""Certificate files of a stack: what would not do is told before the gateway is given them."""

from pathlib import Path

import pytest

from components.llm.gateway import certificate
from components.llm.gateway.document import Tls
from tests.fixtures.certificates import Issued, TestAuthority


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> TestAuthority:
    return TestAuthority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def good(authority: TestAuthority) -> Issued:
    return authority.issue("good")


def problems(certificate_file: Path, key: Path, hostname: str = "localhost") -> list[str]:
    return list(certificate.problems(Tls(hostname=hostname, certificate=str(certificate_file), key=str(key))))


def test_a_certificate_for_the_host_with_its_key_will_do(good: Issued) -> None:
    assert problems(good.certificate, good.key) == []


def test_one_with_its_issuers_after_it_will_do(authority: TestAuthority, good: Issued, tmp_path: Path) -> None:
    chain = tmp_path / "chain.pem"
    chain.write_text(good.certificate.read_text() + authority.root.certificate.read_text())

    assert problems(chain, good.key) == []


def test_one_for_every_host_below_a_name_will_do(authority: TestAuthority) -> None:
    wild = authority.issue("wild", hostname="*.example.com")

    assert problems(wild.certificate, wild.key, "llm.example.com") == []


@pytest.mark.parametrize("tls", [None, {"acmeEmail": "ops@example.com"}, {"internal": True}])
def test_a_certificate_from_elsewhere_has_no_files_to_look_at(tls: dict[str, object] | None) -> None:
    given = None if tls is None else Tls.model_validate({"hostname": "llm.example.com", **tls})

    assert list(certificate.problems(given)) == []


def test_one_for_another_host_is_refused_with_both_names(good: Issued) -> None:
    (problem,) = problems(good.certificate, good.key, "llm.example.com")

    assert problem.startswith(f"tls.certificate: {good.certificate} will not do for llm.example.com: Hostname mismatch")
    assert problem.endswith(f"Look at it: `openssl x509 -noout -text -in {good.certificate}`.")


def test_one_that_has_expired_is_refused(authority: TestAuthority) -> None:
    expired = authority.issue("expired", days=0)

    (problem,) = problems(expired.certificate, expired.key)

    assert "will not do for localhost: certificate has expired" in problem


def test_a_key_of_another_certificate_is_refused(authority: TestAuthority, good: Issued) -> None:
    other = authority.issue("other")

    (problem,) = problems(good.certificate, other.key)

    assert problem.startswith(f"tls.key: {other.key} and {good.certificate} are no pair: KEY_VALUES_MISMATCH.")


def test_issuers_before_the_certificate_are_refused(authority: TestAuthority, good: Issued, tmp_path: Path) -> None:
    """Servers send the first one as their own."""
    turned = tmp_path / "turned.pem"
    turned.write_text(authority.root.certificate.read_text() + good.certificate.read_text())

    assert [problem[:8] for problem in problems(turned, good.key)] == ["tls.key:"]


@pytest.mark.parametrize("which", ["certificate", "key"])
def test_a_file_without_pem_is_refused(good: Issued, tmp_path: Path, which: str) -> None:
    nonsense = tmp_path / "nonsense.pem"
    nonsense.write_text("no certificate\n")
    files = (nonsense, good.key) if which == "certificate" else (good.certificate, nonsense)

    (problem,) = problems(*files)

    assert "Write the PEM files of one certificate, the key without a password." in problem


def test_files_that_are_not_there_are_all_told(tmp_path: Path) -> None:
    told = problems(tmp_path / "c.pem", tmp_path / "k.pem")

    assert told == [
        f"tls.{key}: {tmp_path / name} cannot be read: No such file or directory. Try `ls -l {tmp_path / name}`."
        for key, name in (("certificate", "c.pem"), ("key", "k.pem"))
    ]
