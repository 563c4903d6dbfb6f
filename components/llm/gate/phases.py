"""All phases of a wait, in order. Each raises what ends the wait, a `NotReady`, and notes what it checked."""

from collections.abc import Callable
from dataclasses import replace

from components.llm.gate.auth_phase import auth
from components.llm.gate.evidence import Evidence
from components.llm.gate.listing import Listing, openai_listing
from components.llm.gate.model_phase import refuse_unfit_model, running_model
from components.llm.gate.probe import Probe
from components.llm.gate.refusal_phase import refusals
from components.llm.gate.stream_phase import streams, warm
from components.llm.gate.tools_phase import tools
from components.llm.gate.ttft import judge_ttft
from components.llm.gate.vision_phase import vision


def all_phases(probe: Probe, before_public: Callable[[], None]) -> Evidence:
    target = probe.target
    listing = _transport(probe, "transport", target.base_url)
    refuse_unfit_model(probe, listing)
    loading = None if target.hosted else warm(probe, listing)
    probe.wait.enter("stream", target.base_url)
    proven = streams(probe, target.base_url, listing)
    capabilities = running_model(probe, listing, [*([loading] if loading else []), *proven])
    refusals(probe, listing)
    if target.needs.tools:
        tools(probe)
    if target.needs.vision:
        vision(probe)
    if target.agent_url != target.base_url:
        before_public()
        _transport(probe, "public", target.agent_url)
        proven = streams(probe, target.agent_url, listing, prefix="public.")
    auth(probe)
    _note_container(probe)
    cold_s = None if loading is None else loading.ttft_s or loading.ended_s
    evidence = Evidence.of_streams(proven, target=target, cold_s=cold_s, capabilities=capabilities.as_dict())
    probe.keep(
        judge_ttft(evidence.ttft_s.warm_p50, probe.budget),
        next_step="Choose a smaller or faster model, or raise the budget:"
        " `pulumi config set --path llms.<llm>.ready.ttftBudgetS <seconds>`.",
    )
    return replace(evidence, checks=tuple(probe.wait.checks))


def _transport(probe: Probe, phase: str, base_url: str) -> Listing:
    probe.wait.enter(phase, base_url)
    listing = probe.wait.until_passed(lambda: openai_listing(probe.caller, base_url, probe.target.token_at(base_url)))
    probe.wait.note(phase, "pass", f"answered after {probe.wait.waited_s:.1f} s")
    return listing


def _note_container(probe: Probe) -> None:
    state = probe.wait.container
    if state is not None and state.status == "unknown":
        probe.wait.note("container", "unknown", f"Docker did not say: {state.reason}")
    elif state is not None:
        probe.wait.note("container", "pass", state.status)
