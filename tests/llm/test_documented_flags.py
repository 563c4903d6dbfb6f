"""The documented command lines that other tests hold the engines' arguments against."""

import pytest

from tests.fixtures.documented import ENGINES, Documented, Example, documented

FACTS = {engine: documented(engine) for engine in ENGINES}
EXAMPLES = [(engine, example) for engine, facts in FACTS.items() for example in facts.examples]
VLLM = FACTS["vllm"]


@pytest.mark.parametrize("facts", FACTS.values(), ids=FACTS)
def test_every_flag_is_a_long_one_and_no_two_share_a_long_spelling(facts: Documented) -> None:
    # TGI documents `-p` twice, for its port and for the limit of a payload.
    words = [word for name, flag in facts.flags.items() for word in (name, *flag.also) if word.startswith("--")]

    assert [name for name in facts.flags if not name.startswith("--")] == []
    assert sorted({word for word in words if words.count(word) > 1}) == []


@pytest.mark.parametrize("facts", FACTS.values(), ids=FACTS)
def test_a_flag_that_takes_no_word_has_neither_type_nor_choices(facts: Documented) -> None:
    assert [name for name, flag in facts.flags.items() if flag.takes == "none" and (flag.type or flag.choices)] == []


@pytest.mark.parametrize(("engine", "example"), EXAMPLES, ids=[f"{engine}-{one.source}" for engine, one in EXAMPLES])
def test_a_command_line_that_the_documentation_shows_uses_only_flags_that_it_lists(
    engine: str, example: Example
) -> None:
    facts = FACTS[engine]

    assert facts.arguments_of(example) != []
    assert facts.objections(facts.arguments_of(example)) == []


@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_has_an_example_and_says_where_its_facts_were_read(engine: str) -> None:
    facts = FACTS[engine]

    assert facts.examples
    assert facts.source.paths
    assert facts.flags


@pytest.mark.parametrize(
    ("arguments", "objection"),
    [
        (["--max-model-length", "8"], "--max-model-length is not documented"),
        (["--dtype", "int3"], "--dtype: 'int3' is not one of auto, half, float16, bfloat16, float, float32"),
        (["--port", "eighty"], "--port: 'eighty' is no int"),
        (["--port", "--host"], "--port needs a value"),
        (["--enforce-eager=yes"], "--enforce-eager takes no value"),
        (["model", "another"], "'another' stands without a flag"),
        (["--enforce-eager", "model", "another"], "'another' stands without a flag"),
        (["--compilation-config", "{"], "--compilation-config: '{' is no json"),
    ],
)
def test_words_that_the_documentation_does_not_know_are_told(arguments: list[str], objection: str) -> None:
    assert objection in VLLM.objections(arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        ["model", "--served-model-name", "a", "b", "--enable-lora", "--lora-modules", "x=/x", "y=/y"],
        ["--model=model", "--no-enable-prefix-caching", "-tp", "2", "--seed", "-1"],
    ],
)
def test_words_that_the_documentation_knows_meet_no_objection(arguments: list[str]) -> None:
    assert VLLM.objections(arguments) == []


def test_a_negated_spelling_and_a_variable_are_known_by_the_flag_they_belong_to() -> None:
    llama_cpp = FACTS["llama.cpp"]

    assert llama_cpp.spellings["--no-webui"] is llama_cpp.flags["--ui"]
    assert "LLAMA_ARG_PORT" in llama_cpp.variables
