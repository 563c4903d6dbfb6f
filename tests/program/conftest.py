"""The whole program under Pulumi's mocks: every resource is registered, none is made."""

import json
import runpy
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml
from pulumi.runtime import Mocks, set_all_config, set_mocks
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.rpc import deserialize_properties

from components import account
from components.llm import preflight
from components.llm.document import Llm, SelfHosted
from components.llm.gateway.slots import Choice, other
from components.llm.names import Slot

PROJECT_FOLDER = Path(__file__).resolve().parents[2]
PROJECT = "trugen-llm"

# What the real providers would answer, so that outputs have values.
_OUTPUTS: dict[str, dict[str, Any]] = {
    "docker:index/remoteImage:RemoteImage": {"imageId": "sha256:feed"},
    "pulumi-python:dynamic/trugen:Sandbox": {"api_key": "canary-sandbox-key", "pid": 1, "started_at": "now"},
    "pulumi-python:dynamic/trugen:SecretFiles": {"mark": "mark-of-the-secret-files"},
    "pulumi-python:dynamic/trugen:GatewayFiles": {"mark": "mark-of-the-gateways-files"},
    "pulumi-python:dynamic/trugen:OllamaModel": {"digest": "abc", "size_bytes": 1},
    "pulumi-python:dynamic/trugen:ChatCompletionsReady": {"evidence": {"checks": []}, "healthy": True},
    "pulumi-python:dynamic/trugen:Agent": {"status": "verified", "status_reason": ""},
}


@dataclass(frozen=True)
class Registered:
    """One resource as the engine would be told of it."""

    type: str
    name: str
    urn: str
    inputs: Mapping[str, Any]
    depends_on: frozenset[str]
    input_dependencies: Mapping[str, frozenset[str]]
    options: Any


@dataclass
class Program:
    """What a run registered, and what it exported."""

    resources: list[Registered] = field(default_factory=list)
    exports: dict[str, Any] = field(default_factory=dict)

    def all(self, kind: str) -> list[Registered]:
        """By the last part of the type: `Container`, `Agent`."""
        return [one for one in self.resources if one.type.rpartition(":")[2] == kind]

    def only(self, kind: str) -> Registered:
        (found,) = self.all(kind)
        return found

    def named(self, kind: str, name: str) -> Registered:
        """By the last part of the type and the logical name."""
        (found,) = (one for one in self.all(kind) if one.name == name)
        return found

    @property
    def engine(self) -> Registered:
        """The container of the only engine, in whichever slot."""
        (found,) = (one for one in self.all("Container") if one.name.endswith(("-a", "-b")))
        return found

    @property
    def gateway(self) -> Registered:
        """The container of the only gateway."""
        return self._container("gateway")

    @property
    def relay(self) -> Registered:
        """The container of the only relay."""
        return self._container("relay")

    def _container(self, role: str) -> Registered:
        (found,) = (one for one in self.all("Container") if one.name.endswith(f"-{role}"))
        return found


class _Monitor(MockMonitor):
    def __init__(self, program: Program, answers: Mocks) -> None:
        super().__init__(answers)
        self._program = program

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - gRPC's name
        answer = super().RegisterResource(request)  # type: ignore[no-untyped-call]  # Pulumi's mocks are not typed
        self._program.resources.append(
            Registered(
                type=request.type,
                name=request.name,
                urn=answer.urn,
                inputs=deserialize_properties(request.object),
                depends_on=frozenset(request.dependencies),
                input_dependencies={key: frozenset(value.urns) for key, value in request.propertyDependencies.items()},
                options=request,
            )
        )
        return answer


class _Answers(Mocks):
    """*recorded*: what the state holds before the run, `Agent::ada`; None where nobody may ask."""

    def __init__(self, recorded: Iterable[str] | None = None) -> None:
        self._recorded = recorded

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        return f"{args.name}-id", {**args.inputs, **_OUTPUTS.get(args.typ, {}), **_token(args)}

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        if self._recorded is not None and args.token == "pulumi:pulumi:readStackResourceOutputs":
            root = "urn:pulumi:test::trugen-llm::pulumi-python:dynamic/trugen:"
            return {"outputs": {f"{root}{one}": {"outputs": {}} for one in self._recorded}}, []
        raise AssertionError(f"{args.token} was called, which needs a network")


def _token(args: pulumi.runtime.MockResourceArgs) -> dict[str, Any]:
    """Another one for each door."""
    return {"value": f"canary-token-of-{args.name}"} if args.typ.endswith(":BearerToken") else {}


def chosen(llms: Mapping[str, Llm], slot: Slot) -> dict[str, Choice]:
    """What preflight would choose: *slot* a for the first engine of a stack, b beside a former one that serves."""
    beside = None if slot == "a" else other(slot)
    return {
        name: Choice(slot, f"mark-of-{name}", beside, starts=True, first=beside is None)
        for name, llm in llms.items()
        if isinstance(llm, SelfHosted)
    }


@pulumi.runtime.test  # type: ignore[untyped-decorator]  # Pulumi's mocks are not typed
def _run_main() -> None:
    runpy.run_path(str(PROJECT_FOLDER / "__main__.py"))


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Program]]:
    """Run `__main__.py` on a config. Neither Docker nor TruGen is asked: these tests are about the graph."""
    monkeypatch.delenv("TRUGEN_API_KEY", raising=False)
    monkeypatch.setattr(account, "check", lambda _: None)

    def run_program(
        config: Mapping[str, Any],
        secrets: Mapping[str, Any] | None = None,
        stack: str = "test",
        slot: Slot = "a",
        recorded: Iterable[str] | None = None,
        program: Program | None = None,
    ) -> Program:
        # Given by a test that expects a refusal: what was registered until then.
        program = program or Program()
        monkeypatch.setattr(preflight, "check", lambda _project, _stack, llms, *_: chosen(llms, slot))
        encrypted = {f"{PROJECT}:{key}": value for key, value in (secrets or {}).items()}
        texts = {
            key: value if isinstance(value, str) else json.dumps(value)
            for key, value in {**config, **encrypted}.items()
        }
        monkeypatch.setattr(pulumi, "export", program.exports.__setitem__)
        monkeypatch.setattr(pulumi, "run", lambda _: None)  # it asks for a real engine's stack
        monkeypatch.setattr(pulumi.log, "debug", pulumi.log.debug)  # a program of many agents replaces it
        answers = _Answers(recorded)
        set_mocks(answers, project=PROJECT, stack=stack, monitor=_Monitor(program, answers))
        set_all_config(texts, list(encrypted))
        _run_main()
        return program

    yield run_program
    set_all_config({}, [])


@pytest.fixture
def declare() -> Iterator[Callable[[Callable[[], object]], Program]]:
    """Register what a function declares, without the rest of the program."""

    def declare_only(declaration: Callable[[], object]) -> Program:
        program = Program()
        answers = _Answers()
        set_mocks(answers, project=PROJECT, stack="test", monitor=_Monitor(program, answers))

        @pulumi.runtime.test  # type: ignore[untyped-decorator]  # Pulumi's mocks are not typed
        def run() -> None:
            declaration()

        run()
        return program

    yield declare_only
    set_all_config({}, [])


def is_secret(resource: Registered, key: str) -> bool:
    """Whether the input *key*, `a.b` for a member, goes to the engine with Pulumi's mark of a secret (rpc.py)."""
    value = resource.options.object
    for step in key.split(".", maxsplit=1):
        value = value.fields[step].struct_value
    mark = value.fields["4dabf18193072939515e22adb298388d"]
    return bool(mark.string_value == "1b47061264138c4ac30d75fd1eb44270")


def stack_file(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((PROJECT_FOLDER / "stacks" / f"Pulumi.{name}.yaml").read_text())
    return loaded


@pytest.fixture
def local(run: Callable[..., Program]) -> Program:
    return run(stack_file("local")["config"], stack="local")
