"""Markdown for a pull request and an issue. Names and messages come from anybody's stack file."""

import re

import pytest

from components.cli import comment
from components.cli.comment import LIMIT_CHARS
from components.cli.plan import Plan, Resource, Said, Step

# What would notify, link, embed, fold the page, run a quick action of GitLab, leave a cell, a span or a block.
HOSTILE = [
    "@everyone",
    "<script>alert(1)</script><!--",
    "![x](https://evil.example/pixel.png)",
    "[click](https://evil.example)",
    "a | b",
    "`code` and ``more``",
    "first\n/close\n# title",
    "```\n</details>\n```",
    "\u202eright to left\u2066",
    "#1 and org/repo#1",
]


CONTAINER = Resource("urn:pulumi:dev::trugen-llm::a:b:C$docker:index/container:Container::main-a")


def agent(name: str = "ada") -> Resource:
    return Resource(f"urn:pulumi:dev::trugen-llm::pulumi-python:dynamic/trugen:Agent::{name}")


def outside_of_code(markdown: str) -> str:
    """What a renderer would read as Markdown: neither fenced blocks nor code spans."""
    kept, fence = [], ""
    for line in markdown.splitlines():
        if opened := re.match(r"(`{3,})", line):
            if not fence:
                fence = opened[1]
            elif line == fence:
                fence = ""
        elif not fence:
            kept.append(re.sub(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "", line))
    assert fence == "", "a block stays open"
    return "\n".join(kept)


SKELETON = outside_of_code(
    comment.preview("dev", Plan((Step("update", agent(), ("name",)),), {}, (Said("info", "said", agent()),)))
)


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_that_a_stack_file_says_becomes_markdown(text: str) -> None:
    plan = Plan((Step("update", agent(text), (text,)),), {}, (Said("info", text, agent(text)),))

    assert outside_of_code(comment.preview("dev", plan)) == SKELETON


@pytest.mark.parametrize("text", HOSTILE)
def test_a_refusal_is_shown_as_it_is_and_becomes_no_markdown_either(text: str) -> None:
    plain = comment.preview("dev", Plan(), failure="x")

    assert outside_of_code(comment.preview("dev", Plan(), failure=text)) == outside_of_code(plain)


@pytest.mark.parametrize("text", HOSTILE)
def test_every_row_of_a_table_keeps_its_cells(text: str) -> None:
    row = next(
        line
        for line in comment.preview("dev", Plan((Step("update", agent(text), (text,)),))).splitlines()
        if line.startswith("| update")
    )

    assert len(re.findall(r"(?<!\\)\|", row)) == 5


def test_a_plan_names_steps_objects_and_inputs() -> None:
    steps = (Step("create", agent("new")), Step("update", agent("old"), ("record",)), Step("delete", agent("gone")))

    text = comment.preview("dev", Plan(steps))

    assert text.startswith("<!-- trugen-llm preview: dev -->\n")
    assert "1 to create, 1 to update, 1 to delete" in text
    assert "| update | `trugen:Agent` | `old` | `record` |" in text


def test_a_plan_that_changes_nothing_says_so() -> None:
    assert "nothing changes" in comment.preview("dev", Plan())


def test_a_preview_for_a_fork_says_what_it_was_made_against() -> None:
    assert "sandbox" in comment.preview("dev", Plan(), as_sandbox=True)


def test_a_refused_preview_says_why() -> None:
    text = comment.preview("dev", Plan(), failure="agents.ada.llm names none\n  Next: correct the file")

    assert "was refused" in text
    assert "agents.ada.llm names none" in text


@pytest.mark.parametrize(
    ("found", "planned", "said", "fate"),
    [
        (Step("update", agent(), ("record",)), Step("update", agent()), (), "sends the declaration again"),
        (Step("delete", agent()), Step("create", agent()), (), "makes it anew"),
        (Step("update", CONTAINER, ("mustRun",)), Step("update", CONTAINER), (), "puts it back as declared"),
        (Step("update", agent(), ("record",)), None, (), "leaves it"),
        (Step("delete", agent()), None, (), "forgets it"),
        (Step("update", agent(), ("envs",)), Step("delete-replaced", agent()), (), "replaces it"),
        (
            Step("update", agent(), ("record",)),
            None,
            (Said("error", "onDrift says fail", agent()),),
            "is refused, `onDrift` says `fail`",
        ),
    ],
)
def test_a_drift_report_says_what_the_next_up_does_with_each_object(
    found: Step, planned: Step | None, said: tuple[Said, ...], fate: str
) -> None:
    next_up = Plan((planned,) if planned else (), {}, said)

    text = comment.drift("dev", Plan((found,)), next_up)

    assert text.startswith("<!-- trugen-llm drift: dev -->\n")
    assert f"| {fate} |" in text


def test_edits_that_stay_are_told_of_a_stack_that_has_not_drifted() -> None:
    kept = Said("info", "was edited elsewhere, which `onDrift` keeps: record", agent())

    text = comment.drift("dev", Plan((), {}, (kept,)))

    assert "Drift of `dev`: none" in text
    assert "keeps: record" in text


def test_what_could_not_be_looked_at_is_no_drift_and_no_clean_stack() -> None:
    text = comment.drift("dev", Plan(), failure="incorrect passphrase")

    assert "could not be looked for" in text
    assert "none" not in text


@pytest.mark.parametrize("steps", [1_000, 5_000])
def test_a_comment_of_any_plan_is_small_enough_for_github_and_says_what_it_left_out(steps: int) -> None:
    plan = Plan(
        tuple(Step("update", agent(f"agent-{number}" * 5), ("persona_prompt",)) for number in range(steps)),
        {},
        tuple(Said("info", "x" * 5_000, agent(str(number))) for number in range(100)),
    )

    text = comment.preview("dev", plan, failure="y\n" * 50_000)

    assert len(text) <= LIMIT_CHARS
    assert len(re.findall(r"\d+ more: see the log of the job", text)) == 2
    outside_of_code(text)
