"""Phase `model`: is it there, can it do what the agents need, how much does it hold, and where does it run?"""

from collections.abc import Sequence
from shlex import quote

from components.llm.gate.capabilities import QUERIES, Capabilities, capabilities_of
from components.llm.gate.checks import Check
from components.llm.gate.container_log import engine_log
from components.llm.gate.context import PromptSize, context_next_step, judge_context
from components.llm.gate.gpu import judge_gpu
from components.llm.gate.listing import Listing, ollama_listing
from components.llm.gate.probe import Probe
from components.llm.gate.recording import Recording
from components.llm.gate.target import engine_root
from components.llm.gate.tools_phase import tools_next_step
from components.llm.gate.vision_phase import VISION_NEXT_STEP


def refuse_unfit_model(probe: Probe, listing: Listing) -> None:
    """End the wait before any weights are loaded when the server itself says that this model will not do."""
    target = probe.target
    if target.engine not in QUERIES:
        return
    probe.wait.enter("model", target.base_url)
    if target.engine == "ollama":
        _require_pulled(probe)
    capabilities = probe.wait.until_passed(lambda: capabilities_of(probe.caller, target, listing))
    least = PromptSize(target.needs.system_prompt_bytes, counted_tokens=0)
    if target.needs.system_prompt_bytes and (check := judge_context(least, capabilities)).verdict == "fail":
        probe.wait.refuse(check, context_next_step(least, capabilities, own_engine=not target.metered))
    for needed, feature, check_id, next_step in (
        (target.needs.tools, "tools", "O16", tools_next_step(target.engine)),
        (target.needs.vision, "vision", "O18", VISION_NEXT_STEP),
    ):
        if needed and feature in capabilities.lacks:
            cause = f"the server says that {target.model} lacks `{feature}`, which an agent needs"
            probe.wait.refuse(Check(check_id, "fail", cause), next_step)


def _require_pulled(probe: Probe) -> None:
    target = probe.target
    api_url = engine_root(target.base_url)
    on_disk = probe.wait.until_passed(lambda: ollama_listing(probe.caller, api_url, target.base_token))
    if on_disk.names is not None and not on_disk.has(target.model):
        run = f"docker exec {target.container_id[:12]} " if target.container_id else ""
        shown = f"Ollama has {probe.caller.redacted(on_disk.shown())}"
        probe.wait.refuse(Check("model", "fail", shown), f"Pull it: `{run}ollama pull {quote(target.model)}`.")


def running_model(probe: Probe, listing: Listing, warmed: Sequence[Recording]) -> Capabilities:
    """
    What is known once the model is loaded; *warmed* are streams it gave, for the length of their prompts.

    Raises:
        NotReady: the system prompt does not fit, or the model does not run where it should.
    """
    target = probe.target
    if target.engine in QUERIES:
        probe.wait.enter("model", target.base_url)
    capabilities = probe.wait.until_passed(lambda: capabilities_of(probe.caller, target, listing))
    if capabilities == Capabilities():
        probe.wait.note("capabilities", "unknown", "the server tells none")
    if target.needs.system_prompt_bytes:
        size = _prompt_size(probe, warmed)
        next_step = context_next_step(size, capabilities, own_engine=not target.metered)
        probe.keep(judge_context(size, capabilities), next_step=next_step)
    if target.gpu:
        log = engine_log(target.container_id) if target.container_id else ()
        probe.keep(judge_gpu(target.engine, capabilities, log), next_step=_gpu_next_step(probe))
    return capabilities


def _prompt_size(probe: Probe, warmed: Sequence[Recording]) -> PromptSize:
    counted = [tokens for recording in warmed if (tokens := recording.prompt_tokens) is not None]
    known = None if probe.target.metered else max(counted, default=None)
    return PromptSize(probe.target.needs.system_prompt_bytes, known)


def _gpu_next_step(probe: Probe) -> str:
    without = "To do without: `pulumi config set --path llms.<llm>.gpu off`."
    if probe.target.container_id is None or probe.target.is_candidate:
        return without
    id_ = probe.target.container_id[:12]
    given = "{{.HostConfig.DeviceRequests}} {{.HostConfig.Devices}}"
    return f"See what it was given: `docker inspect --format '{given}' {id_}`, and `docker logs {id_}`. {without}"
