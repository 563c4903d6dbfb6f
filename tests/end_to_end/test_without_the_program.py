"""One deployment, looked at without its program: the copy of it that a release keeps, and a destroy from its state."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fixtures.pulumi_project import PulumiProject
from tests.fixtures.stored_stack import HostedDeployment, StoredStack, deployed, keep


class Workspace(PulumiProject):
    """
    What a workspace of the Pulumi Kubernetes Operator v2.9.0 has that destroys with `runProgram: false`: the stack, and
    a project of a name and a runtime (operator/internal/controller/pulumi/stack_controller.go:
    shouldUseProjectInfoWorkspaceForDestroy). *code* is where its image keeps ours, None for a stock image.
    """

    def __init__(self, folder: Path, deployment: HostedDeployment, code: Path | None) -> None:
        super().__init__(folder, deployment.stack)
        self._variables = {**deployment.environment(), **({"PYTHONPATH": str(code)} if code else {})}
        folder.mkdir()
        (folder / "Pulumi.yaml").write_text("name: trugen-llm\nruntime: python\n")
        self.pulumi("stack", "select", self.stack)

    def environment(self) -> dict[str, str]:
        return self._variables


@pytest.fixture(scope="module")
def hosted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostedDeployment]:
    with deployed(tmp_path_factory.mktemp("hosted") / "project") as deployment:
        yield deployment


@pytest.fixture(scope="module")
def kept(hosted: HostedDeployment, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("kept") / "today"
    keep(hosted, target)
    return target


def test_a_stack_that_was_kept_today_leaves_nothing_to_do(kept: Path, tmp_path: Path) -> None:
    plan = StoredStack(tmp_path / "project", kept).plan()

    assert plan.status == 0, plan.printed


def test_what_is_kept_names_no_secret_and_nothing_of_this_machine(kept: Path, hosted: HostedDeployment) -> None:
    text = "".join(path.read_text() for path in sorted(kept.iterdir()))
    traces = ["main-kept-token", str(hosted.folder), f"127.0.0.1:{hosted.sandbox_port}", f"127.0.0.1:{hosted.llm_port}"]

    assert [trace for trace in traces if trace in text] == []
    assert "127.0.0.1:<sandbox-port>" in text


def test_a_destroy_without_the_program_needs_our_code_in_the_image_and_loses_nothing_where_it_is_missing(
    hosted: HostedDeployment, kept: Path, tmp_path: Path
) -> None:
    assert kept.exists()  # stored before this destroys it
    before = hosted.resources()

    refused = Workspace(tmp_path / "stock", hosted, None).destroy()
    left = hosted.resources()
    destroyed = Workspace(tmp_path / "ours", hosted, hosted.folder).destroy()

    assert refused.status != 0
    assert "No module named 'components'" in refused.printed, refused.printed
    assert left == before != []
    assert destroyed.status == 0, destroyed.printed
    assert hosted.resources() == []
