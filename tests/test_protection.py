"""What a run would lose, and what a person reads of it."""

from components.protection import entries, refusal

ROOT = "urn:pulumi:production::trugen-llm::"
OURS = f"{ROOT}pulumi-python:dynamic/trugen:"


def test_agents_and_attachments_are_named_as_in_the_stack_file() -> None:
    urns = [f"{OURS}{one}" for one in ("Agent::ada", "KnowledgeBase::kb", "McpServer::ops", "Tool::t", "Guardrail::g")]

    assert list(entries([*urns, f"{OURS}Template::desk"])) == [
        "agents.ada",
        "knowledgeBases.kb",
        "mcpServers.ops",
        "tools.t",
        "guardrails.g",
        "templates.desk",
    ]


def test_what_only_keeps_the_books_or_serves_an_llm_is_no_entry() -> None:
    others = ["AgentVerified::ada", "ChatCompletionsReady::main", "Sandbox::sandbox"]
    container = f"{ROOT}trugen-llm:llm:Server$docker:index/container:Container::Agent"

    assert list(entries([*(f"{OURS}{one}" for one in others), container, f"{ROOT}pulumi:pulumi:Stack::Agent"])) == []


def test_a_refusal_names_what_would_go_the_limit_and_the_two_ways_on() -> None:
    lost = {"agents.ada", "tools.lookup"}

    assert refusal("production", lost, made=lost | {"agents.bo"}, limit=0) == (
        "stacks/Pulumi.production.yaml: 2 of 3 agents and attachments would leave the stack, and"
        " `protection.maxDeletes` is 0; nothing was created or changed.\n"
        "  agents.ada\n"
        "  tools.lookup\n"
        "  Put their entries back; a renamed entry counts as one that leaves. If they are to go, write"
        " `maxDeletes: 2` for this one change, where a reviewer sees it.\n"
        "  Then run `pulumi preview --stack production`."
    )


def test_a_fleet_that_would_go_does_not_fill_the_screen() -> None:
    lost = {f"agents.a-{number}" for number in range(300)}

    shown = refusal("production", lost, lost, limit=0)

    assert "  and 280 more\n" in shown
    assert shown.count("agents.a-") == 20
