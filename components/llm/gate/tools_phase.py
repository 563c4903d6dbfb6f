"""Phase `tools`: a tool call and the answer to its result, streamed, as an agent with tools will ask for them."""

from collections.abc import Callable, Mapping, Sequence

from components.llm.gate.chat_requests import WEATHER_TOOL, Body, with_tool, with_tool_result
from components.llm.gate.probe import Probe
from components.llm.gate.recording import Recording
from components.llm.gate.tool_calls import Judgement, ToolCall, judge_tool_answer, judge_tool_call

_TRIES = 3  # a small model calls most of the time, not always
_SET_PARSER = "Name the parser of the model's calls: `pulumi config set --path llms.<llm>.toolCallParser <parser>`."
_CHOOSE_MODEL = "Choose a model that can call tools: `pulumi config set --path llms.<llm>.model <name>`."
_NEXT_STEPS: Mapping[str, str] = {
    "vllm": _SET_PARSER,
    "sglang": _SET_PARSER,
    "ollama": "Choose a model with the `tools` capability, as https://ollama.com/search?c=tools lists them:"
    " `pulumi config set --path llms.<llm>.model <name>`.",
}
_NO_TOOL_ROLE = (
    "Give a chat template that knows the role `tool`, or choose a model that has one:"
    " `pulumi config set --path llms.<llm>.model <name>`."
)


def tools_next_step(engine: str) -> str:
    return _NEXT_STEPS.get(engine, _CHOOSE_MODEL)


def tools(probe: Probe) -> None:
    """
    Raises:
        NotReady: no well-formed call came, or the model cannot go on from its result.
    """
    model = probe.target.model
    probe.wait.enter("tools", probe.target.base_url)
    calls = _passed(probe, "O16", with_tool(model), _judge_call, tools_next_step(probe.target.engine))
    _passed(probe, "O17", with_tool_result(model, calls), judge_tool_answer, _NO_TOOL_ROLE)


def _judge_call(recording: Recording) -> Judgement:
    return judge_tool_call(recording, WEATHER_TOOL)


def _passed(
    probe: Probe, check_id: str, body: Body, judge: Callable[[Recording], Judgement], next_step: str
) -> Sequence[ToolCall]:
    judgement = judge(probe.until_streamed(body, check_id=check_id))
    for _ in range(0 if probe.target.metered else _TRIES - 1):
        if not judgement.again:
            break
        judgement = judge(probe.until_streamed(body, check_id=check_id))
    probe.keep(judgement.check, next_step=next_step)
    return judgement.calls
