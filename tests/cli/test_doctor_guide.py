"""docs/doctor.md shows what the command prints."""

import re
import time
from pathlib import Path

import pytest

from components.__main__ import main
from tests.fixtures.stand_ins import STAND_INS

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "doctor.md"
_SECONDS = re.compile(r"\d+\.\d+ s\b")


def without_figures(text: str) -> str:
    """Without seconds, and without the line breaks that depend on them."""
    return re.sub(r"\s+", " ", _SECONDS.sub("… s", text))


def test_the_example_of_the_guide_is_what_the_command_prints(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (shown,) = re.findall(r"```console\n\$ python -m components (.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    words, _, printed = shown.partition("\n")
    monkeypatch.delenv("LLM_TOKEN", raising=False)

    with STAND_INS["llama.cpp"](model="support-8b", before_each=lambda: time.sleep(0.02)) as server:
        monkeypatch.setattr(
            "sys.argv", ["components", *words.replace("http://127.0.0.1:8080/v1", server.base_url).split()]
        )
        status = main()

    assert without_figures(printed).strip() == without_figures(capsys.readouterr().out).strip()
    assert status == 1
