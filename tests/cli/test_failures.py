import pytest

from components.cli.failures import explain
from components.cli.plan import Plan, Resource, Said

AGENT = Resource("urn:pulumi:dev::trugen-llm::pulumi-python:dynamic/trugen:Agent::ada")


@pytest.mark.parametrize(
    ("complaint", "next_step"),
    [
        (
            "error: getting stack configuration: get stack secrets manager: incorrect passphrase",
            "export PULUMI_CONFIG_PASSPHRASE=",
        ),
        (
            "error: get stack secrets manager: passphrase must be set with PULUMI_CONFIG_PASSPHRASE",
            "export PULUMI_CONFIG_PASSPHRASE=",
        ),
        ('error: unable to open state directory "file:///no": stat /no: no such file', "export PULUMI_BACKEND_URL="),
        ("error: no stack named 'dev' found", "pulumi stack init dev"),
        ("error: the stack is currently locked by 1 lock(s).", "make doctor STACK=dev"),
        ("error: something that nobody foresaw", "python -m components drift --stack dev"),
    ],
)
def test_each_complaint_of_the_cli_is_told_with_the_next_command(complaint: str, next_step: str) -> None:
    text = explain("drift", "dev", complaint, Plan())

    assert complaint.removeprefix("error: ") in text
    assert f"Next: {next_step}" in text


def test_what_the_program_said_is_the_cause_and_not_that_it_ended() -> None:
    said = (
        Said("error", "error: stacks/Pulumi.dev.yaml has 1 problem"),
        Said("error", "error: an unhandled error occurred: program exited with non-zero exit code: 1"),
    )

    text = explain("preview", "dev", "", Plan((), {}, said))

    assert text.startswith("stacks/Pulumi.dev.yaml has 1 problem")
    assert "unhandled" not in text


def test_the_object_that_refused_is_named() -> None:
    text = explain("preview", "dev", "", Plan((), {}, (Said("error", "policy no-http: say https", AGENT),)))

    assert text.startswith("trugen:Agent ada: policy no-http: say https")


@pytest.mark.parametrize("password", ["CANARY-pw", "a@CANARY", "a'CANARY"])
def test_the_password_of_a_backend_is_not_repeated(password: str) -> None:
    complaint = f'error: unable to open state database "postgres://ada:{password}@db.example/state": refused'

    text = explain("drift", "dev", complaint, Plan())

    assert "CANARY" not in text
    assert "db.example/state" in text


def test_a_failure_without_a_word_is_told_as_one() -> None:
    assert "no reason" in explain("drift", "dev", "", Plan())
