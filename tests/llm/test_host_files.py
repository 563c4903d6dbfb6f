"""Files and folders that a container is shown are looked at before anything is made, each by the key that names it."""

import os
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from components.llm.document import Llm
from components.llm.host_files import mark_of, problems
from tests.llm.test_gguf import model as gguf_bytes

OWNER = 4242
LLAMA_CPP = {"engine": "llama.cpp", "model": "support"}
VLLM = {"engine": "vllm", "model": "support", "gpu": "all"}


def told(declared: dict[str, Any], *, rootless: bool = False) -> list[str]:
    llm: Any = TypeAdapter(Llm).validate_python(declared, by_name=False)
    return list(problems(llm, rootless=rootless))


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """A folder as the hub keeps it."""
    folder = tmp_path / "support"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    return folder


@pytest.fixture
def gguf(tmp_path: Path) -> Path:
    path = tmp_path / "support.gguf"
    path.write_bytes(gguf_bytes())
    return path


def test_good_files_and_folders_are_fine(weights: Path, gguf: Path) -> None:
    assert told({**LLAMA_CPP, "gguf": str(gguf), "mmproj": str(gguf), "loras": [str(gguf)]}) == []
    assert told({**VLLM, "weights": {"directory": str(weights)}}) == []


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({"mmproj": "missing.gguf"}, "mmproj"),
        ({"loras": ["missing.gguf"]}, "loras[0]"),
        ({"chatTemplateFile": "missing.jinja"}, "chatTemplateFile"),
    ],
)
def test_a_file_that_is_missing_is_named_by_its_key(gguf: Path, fields: dict[str, Any], key: str) -> None:
    (problem,) = told({**LLAMA_CPP, "gguf": str(gguf), **fields})

    assert problem.startswith(f"{key}: 'missing.")
    assert "does not exist" in problem


def test_a_template_that_is_a_folder_is_refused(gguf: Path, tmp_path: Path) -> None:
    (problem,) = told({**LLAMA_CPP, "gguf": str(gguf), "chatTemplateFile": str(tmp_path)})

    assert problem.startswith(f"chatTemplateFile: '{tmp_path}' is a folder")


def test_a_cut_file_is_refused_wherever_it_is_named(gguf: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(gguf_bytes()[:-1])

    (problem,) = told({**LLAMA_CPP, "gguf": str(gguf), "loras": [str(gguf), str(cut)]})

    assert problem.startswith(f"loras[1]: '{cut}' is cut off")


def test_a_folder_without_weights_is_refused(tmp_path: Path) -> None:
    (problem,) = told({**VLLM, "weights": {"directory": str(tmp_path)}})

    assert problem.startswith("weights.directory: ")
    assert "holds neither config.json nor adapter_config.json" in problem


def test_an_adapter_that_is_not_there_is_refused(weights: Path) -> None:
    (problem,) = told(
        {**VLLM, "weights": {"directory": str(weights)}, "loras": {"legal": {"directory": "no-such-folder"}}}
    )

    assert problem.startswith("loras.legal.directory: 'no-such-folder' is no folder")


@pytest.fixture
def of_somebody_else(weights: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that its owner alone may read; the owner is neither root nor whoever runs Docker."""
    secret = weights / "model.safetensors"
    secret.write_bytes(b"")
    secret.chmod(0o600)
    stat = Path.stat

    def owned(path: Path, **how: Any) -> os.stat_result:
        facts = stat(path, **how)
        return os.stat_result((*facts[:4], OWNER, *facts[5:10]))

    monkeypatch.setattr(Path, "stat", owned)
    return weights


@pytest.mark.parametrize("rootless", [True, False])
def test_what_the_container_may_not_read_is_refused(of_somebody_else: Path, *, rootless: bool) -> None:
    """Its root has no capability, so that modes count for it, too."""
    (problem,) = told({**VLLM, "weights": {"directory": str(of_somebody_else)}}, rootless=rootless)

    assert problem == (
        f"weights.directory: {of_somebody_else}/model.safetensors may not be read by the container;"
        f" `chmod -R o+rX {of_somebody_else}`."
    )


def test_whoever_runs_docker_without_root_may_read_what_is_theirs(
    of_somebody_else: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The root of such a container is that user."""
    monkeypatch.setattr(os, "getuid", lambda: OWNER)
    declared = {**VLLM, "weights": {"directory": str(of_somebody_else)}}

    assert told(declared, rootless=True) == []
    assert told(declared, rootless=False) != []


def test_another_size_or_time_of_any_file_is_another_mark(weights: Path) -> None:
    before = mark_of([str(weights)])
    same = mark_of([str(weights)])
    (weights / "config.json").write_text("{ }")
    longer = mark_of([str(weights)])
    os.utime(weights / "config.json", (1, 1))
    older = mark_of([str(weights)])
    (weights / "more.json").write_text("")

    assert before == same
    assert len({before, longer, older, mark_of([str(weights)])}) == 4
