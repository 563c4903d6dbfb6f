"""What `doctor` and `up` warn of in a stack with the real TruGen."""

import dataclasses
from pathlib import Path

import pytest

from components.cli import engine
from components.cli.weak_choices import PUBLIC_PASSPHRASE, Facts, choices, found
from tests.air_gapped.test_command_line import environment_of

STRONG = Facts(
    stack="production",
    backend="s3://states?region=eu-central-1",
    by_passphrase=False,
    passphrase=None,
    passphrase_file=None,
    protected=True,
)


def weak(**facts: object) -> dict[str, str]:
    """Subject and whole text of each warning for `STRONG` with other *facts*."""
    listed = choices(dataclasses.replace(STRONG, **facts))  # type: ignore[arg-type]  # the fields' own types vary
    return {one.subject: f"{one.detail}; {one.next_step}" for one in listed}


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of the stack `production`, in a project of its own, without a passphrase."""
    monkeypatch.setattr(engine, "PROJECT", tmp_path)
    monkeypatch.setattr(engine, "backend_url", lambda: "file:///var/states")
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE", raising=False)
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE_FILE", raising=False)
    (tmp_path / "stacks").mkdir()
    return tmp_path / "stacks" / "Pulumi.production.yaml"


def subjects() -> list[str]:
    return [one.subject for one in found("production")]


REAL = "config: {trugen-llm:trugen: {apiUrl: https://api.trugen.ai/v1}%s}\n"
KMS = "secretsprovider: awskms://alias/trugen-llm\nencryptedkey: AQ==\n"


def test_a_shared_backend_a_key_service_and_protection_are_nothing_to_warn_of() -> None:
    assert weak() == {}


def test_a_state_on_one_machine_is_told_with_its_folder() -> None:
    assert "/var/states" in weak(backend="file:///var/states")["backend"]


@pytest.mark.parametrize("backend", [None, "https://api.pulumi.com", "postgres://u:p@db/x", "azblob://c", "gs://b"])
def test_no_other_backend_is_warned_of(backend: str | None) -> None:
    assert weak(backend=backend) == {}


def test_an_unprotected_stack_is_shown_the_line_to_write() -> None:
    assert "`trugen-llm:protection: {protect: true, maxDeletes: 0}`" in weak(protected=False)["protection"]


@pytest.mark.parametrize(("passphrase", "told"), [("", "is empty"), (PUBLIC_PASSPHRASE, "is the public one")])
def test_a_passphrase_that_protects_nothing_is_to_be_changed_and_the_secrets_with_it(
    passphrase: str, told: str
) -> None:
    text = weak(by_passphrase=True, passphrase=passphrase)["passphrase"]

    assert told in text
    assert "change-secrets-provider passphrase --stack production, then replace the secrets" in text


def test_a_passphrase_in_the_project_folder_is_to_be_moved(file: Path) -> None:
    inside = file.parent / "passphrase.txt"

    assert str(inside) in weak(by_passphrase=True, passphrase="own", passphrase_file=inside)["passphrase"]


@pytest.mark.parametrize("passphrase", ["own", None])
def test_any_other_passphrase_is_weaker_than_a_key_service(passphrase: str | None) -> None:
    outside = Path("/run/secrets/passphrase")

    told = weak(by_passphrase=True, passphrase=passphrase, passphrase_file=outside)

    assert list(told) == ["secrets"]
    assert "change-secrets-provider awskms://" in told["secrets"]


def test_no_warning_and_no_facts_show_the_passphrase(file: Path) -> None:
    canary = dataclasses.replace(
        STRONG, by_passphrase=True, passphrase="canary", passphrase_file=file.parent, protected=False
    )

    assert "canary" not in f"{canary}{list(choices(canary))}"


def test_a_sandbox_is_warned_of_nothing(file: Path) -> None:
    file.write_text("config: {trugen-llm:trugen: {sandbox: {}}}\n")

    assert subjects() == []


@pytest.mark.parametrize("text", ["", "config: 1\n", "- {\n", "config: {trugen-llm:trugen: null}\n"])
def test_a_file_that_cannot_be_read_is_left_to_the_program(file: Path, text: str) -> None:
    file.write_text(text)

    assert subjects() == []


def test_a_stack_without_a_file_is_left_to_the_program(file: Path) -> None:
    assert not file.exists()
    assert subjects() == []


def test_a_stack_that_names_no_key_service_is_encrypted_by_a_passphrase(file: Path) -> None:
    file.write_text(REAL % "")

    assert subjects() == ["backend", "secrets", "protection"]


def test_a_key_service_that_the_file_names_is_believed(file: Path) -> None:
    file.write_text(KMS + REAL % "")

    assert subjects() == ["backend", "protection"]


def test_pulumis_service_keeps_the_key_of_a_stack_that_names_nothing(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "backend_url", lambda: "https://app.pulumi.com/acme")
    file.write_text(REAL % "")
    without = subjects()
    file.write_text("encryptionsalt: v1:x\n" + REAL % "")

    assert (without, subjects()) == (["protection"], ["secrets", "protection"])


@pytest.mark.parametrize("protection", ["{protect: true}", "{maxDeletes: 0}", "{maxDeletes: 3}"])
def test_either_kind_of_protection_will_do(file: Path, protection: str) -> None:
    file.write_text(KMS + REAL % f", trugen-llm:protection: {protection}")

    assert subjects() == ["backend"]


@pytest.mark.parametrize("protection", ["{}", "null", "{protect: false}", "true", "[protect]"])
def test_a_protection_that_protects_nothing_is_none(file: Path, protection: str) -> None:
    file.write_text(KMS + REAL % f", trugen-llm:protection: {protection}")

    assert subjects() == ["backend", "protection"]


def test_an_empty_passphrase_counts_before_a_file_with_a_good_one(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good = file.parent / "passphrase.txt"
    good.write_text("good\n")
    file.write_text(REAL % "")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE_FILE", str(good))
    from_the_file = [one.detail for one in found("production") if one.subject == "passphrase"]
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "")
    with_both = [one.detail for one in found("production") if one.subject == "passphrase"]

    assert from_the_file == [f"lies beside what it protects, in the project folder: {good}"]
    assert with_both == ["is empty: whoever has the stack file reads its secrets"]


def test_the_public_passphrase_is_the_one_that_the_local_stack_gets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert f"PULUMI_CONFIG_PASSPHRASE={PUBLIC_PASSPHRASE}\n" in environment_of("local", tmp_path, monkeypatch)
