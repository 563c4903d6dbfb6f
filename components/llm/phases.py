"""The phases of a wait, in order: transport, model, warm, stream, and the stream again through the public URL."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from components.llm.calls import Caller
from components.llm.checks import Check, judge
from components.llm.evidence import Evidence
from components.llm.listing import Listing, ollama_capabilities, ollama_listing, openai_listing
from components.llm.recording import Recording
from components.llm.setback import Setback, setback_from_words
from components.llm.target import Target
from components.llm.wait import Budget, Wait

STREAM_TOKENS = 16
ONE_TOKEN = 1
_NO_SUCH_MODEL = "trugen-llm-no-such-model"
_TRUGEN_TTFT_S = 0.5  # target of TruGen's byo-llm guide
_NEXT_STEPS: Mapping[str, str] = {
    "C10": "Turn off buffering and compression of text/event-stream in the proxy; nginx: `proxy_buffering off;`.",
}

Passed = TypeVar("Passed")


class Phases:
    """One run; collects the checks it makes. Every phase raises what ends the wait, a `NotReady`."""

    def __init__(self, target: Target, budget: Budget, wait: Wait, caller: Caller) -> None:
        self._target = target
        self._budget = budget
        self._wait = wait
        self._caller = caller

    def run(self) -> Evidence:
        target = self._target
        listing = self._transport("transport", target.base_url)
        capabilities = self._model()
        cold_s = None if target.hosted else self._warm(listing)
        streams = self._stream("stream", target.base_url, listing)
        self._name_is_meant(listing)
        if target.agent_url != target.base_url:
            self._transport("public", target.agent_url)
            streams = self._stream("public", target.agent_url, listing)
        self._note_container()
        evidence = Evidence.of_streams(streams, target=target, cold_s=cold_s, capabilities=capabilities)
        self._judge_ttft(evidence.ttft_s.warm_p50)
        return replace(evidence, checks=tuple(self._wait.checks))

    def _transport(self, phase: str, base_url: str) -> Listing:
        self._wait.enter(phase, base_url)
        listing = self._until_passed(lambda: openai_listing(self._caller, base_url, self._target.token))
        self._wait.note(phase, "pass", f"answered after {self._wait.waited_s:.1f} s")
        return listing

    def _model(self) -> Mapping[str, Any]:
        target = self._target
        if target.engine != "ollama":
            return {}
        self._wait.enter("model", target.base_url)
        api_url = target.base_url.removesuffix("/v1")
        on_disk = self._until_passed(lambda: ollama_listing(self._caller, api_url, target.token))
        if on_disk.names is not None and not on_disk.has(target.model):
            run = f"docker exec {target.container_id[:12]} " if target.container_id else ""
            next_step = f"Pull it: `{run}ollama pull {target.model}`."
            shown = f"Ollama has {self._caller.redacted(on_disk.shown())}"
            self._wait.refuse(Check("model", "fail", shown), next_step)
        show = self._until_passed(lambda: ollama_capabilities(self._caller, api_url, target.token, target.model))
        if not show:
            self._wait.note("capabilities", "unknown", "Ollama's /api/show gave none")
        return show

    def _warm(self, listing: Listing) -> float:
        """Have the weights loaded by one throw-away request; seconds to its first sign of text."""
        self._wait.enter("warm", self._target.base_url)

        def load() -> float:
            recording = self._chat(self._target.base_url, listing, max_tokens=ONE_TOKEN)
            refuse_errors(self._caller, recording)
            return recording.ttft_s or recording.ended_s

        return self._until_passed(load)

    def _stream(self, phase: str, base_url: str, listing: Listing) -> list[Recording]:
        if phase == "stream":
            self._wait.enter(phase, base_url)
        passed: list[Recording] = []
        wanted = 1 if self._target.hosted else self._budget.successes
        prefix = "" if phase == "stream" else f"{phase}."
        checks: Sequence[Check] = ()
        while len(passed) < wanted:
            try:
                recording = self._chat(base_url, listing, max_tokens=STREAM_TOKENS)
                checks = self._passing_checks(recording, base_url, prefix)
            except Setback as setback:
                passed.clear()
                self._wait.after(setback)
            else:
                passed.append(recording)
                self._wait.served()
        self._wait.checks += checks
        return passed

    def _passing_checks(self, recording: Recording, base_url: str, prefix: str) -> list[Check]:
        judged = [replace(check, detail=self._caller.redacted(check.detail)) for check in judge(recording)]
        checks = [replace(check, id=prefix + check.id) for check in judged]
        failed = [check for check in judged if check.verdict == "fail"]
        if not failed:
            return checks
        # An error the server itself reports explains the other faults of the stream.
        worst = next((check for check in failed if check.id == "C9"), failed[0])
        known = setback_from_words(worst.detail)
        hopeless = known or recording.ending == "oversized" or (worst.id == "C1" and recording.body)
        raise Setback(
            "fatal" if hopeless else "suspect",
            known.cause if known else f"{worst.id}: {worst.detail}",
            next_step=known.next_step if known else _NEXT_STEPS.get(worst.id, "") or self._try_it(base_url),
            checks=sorted(checks, key=lambda check: check.id == prefix + worst.id),
        )

    def _try_it(self, base_url: str) -> str:
        body = {"model": self._target.model, "stream": True, "messages": [{"role": "user", "content": "Hi"}]}
        headers = '-H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json"'
        return f"See the stream: `curl -N {base_url}/chat/completions {headers} -d '{json.dumps(body)}'`."

    def _chat(self, base_url: str, listing: Listing, *, max_tokens: int) -> Recording:
        try:
            return self._caller.chat(base_url, self._target.token, self._target.model, max_tokens=max_tokens)
        except Setback as setback:
            if setback.failure_class != "fatal" or listing.names is None or listing.has(self._target.model):
                raise
            served = self._caller.redacted(listing.shown())
            raise Setback(
                "fatal",
                f"{setback.cause}; it serves {served}",
                answer=setback.answer,
                next_step="Name a model it serves: `pulumi config set --path llms.<llm>.model <name>`.",
            ) from None

    def _name_is_meant(self, listing: Listing) -> None:
        """
        Refuse a server that answers under any name when it does not list ours: it serves something else.

        TGI and llama.cpp never look at `model`, so a stream alone does not prove the name.
        """
        target = self._target
        if listing.names is None:
            self._wait.note("model", "unknown", "the server lists no models; the name is as given")
        elif listing.has(target.model):
            self._wait.note("model", "pass", "listed")
        elif not target.hosted and self._takes_any_name():
            cause = f"it answers under any model name, and lists {self._caller.redacted(listing.shown())}"
            next_step = "Name a listed model: `pulumi config set --path llms.<llm>.model <name>`."
            self._wait.refuse(Check("model", "fail", cause), next_step)
        else:
            self._wait.note("model", "warn", "not listed, yet served under this name")

    def _takes_any_name(self) -> bool:
        try:
            recording = self._caller.chat(
                self._target.base_url, self._target.token, _NO_SUCH_MODEL, max_tokens=ONE_TOKEN
            )
        except Setback:
            return False
        return not recording.errors

    def _judge_ttft(self, warm_s: float) -> None:
        budget_s = self._budget.ttft_budget_s
        limit_s = _TRUGEN_TTFT_S if budget_s is None else budget_s
        measured = f"first token after {warm_s:.2f} s when warm; {limit_s:g} s are wanted"
        if warm_s <= limit_s:
            self._wait.note("ttft", "pass", measured)
        elif budget_s is None or self._budget.ttft_budget_action == "warn":
            self._wait.note("ttft", "warn", measured)
        else:
            raise_it = "`pulumi config set --path llms.<llm>.ready.ttftBudgetS <seconds>`"
            next_step = f"Choose a smaller or faster model, or raise the budget: {raise_it}."
            self._wait.refuse(Check("ttft", "fail", measured), next_step)

    def _note_container(self) -> None:
        state = self._wait.container
        if state is not None and state.status == "unknown":
            self._wait.note("container", "unknown", f"Docker did not say: {state.reason}")
        elif state is not None:
            self._wait.note("container", "pass", state.status)

    def _until_passed(self, attempt: Callable[[], Passed]) -> Passed:
        while True:
            try:
                return attempt()
            except Setback as setback:
                self._wait.after(setback)


def refuse_errors(caller: Caller, recording: Recording) -> None:
    """
    Raises:
        Setback: the answer was no event stream, or held an error.
    """
    if recording.errors:
        said = caller.redacted(recording.errors[0])
        raise setback_from_words(said) or Setback("suspect", f"an error inside the stream: {said}")
    first = judge(recording)[0]
    if first.verdict == "fail":
        raise Setback("fatal" if recording.body else "suspect", caller.redacted(first.detail))
