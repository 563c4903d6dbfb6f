"""What is kept of a watched run of the Pulumi CLI. Pulumi is scripted here: it writes the log that it is told to."""

import json
import os
from pathlib import Path

import pytest

from components.cli import engine


def test_a_name_with_an_unusual_line_end_in_it_does_not_break_the_event_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Go's encoding/json leaves U+0085 as it is.
    event = {"diagnosticEvent": {"message": "Ada\u0085Grace"}}
    log, program = tmp_path / "log", tmp_path / "pulumi"
    log.write_text(json.dumps(event, ensure_ascii=False) + "\n", encoding="utf-8")
    program.write_text(
        f'#!/bin/sh\nwhile [ $# -gt 1 ]; do [ "$1" = --event-log ] && cp {log} "$2"; shift; done; exit 0\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")

    done = engine.watched("preview", stack="dev", project=tmp_path)

    assert done.events == [event]
