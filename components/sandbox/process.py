"""
Dynamic provider behind TrugenSandbox. The path of this module and the name of the class are state format.

The resource is the data dir and its being served. A process that died, with a reboot for example, is started again by
`read`, with the same data and key. Reading it as gone would be no use: a refresh reads all resources at once, so the
read of every agent in the sandbox would fail before the `up` came to starting it (measured, CLI 3.259). Gone is a
sandbox whose data dir is gone.

Where the data is was decided when it was created, and the state says it: that the program would choose another place
today, from another checkout, is no change (docs/adr/0016).
"""

from pathlib import Path
from typing import Any

from pulumi.dynamic import CreateResult, DiffResult, ReadResult, ResourceProvider, UpdateResult

from components.foreseen import foreseen
from components.progress import report
from components.sandbox.data_dir import DataDir, Serving, Switches
from components.sandbox.listener import PortTakenError
from components.sandbox.supervisor import SandboxError, ensure, healthy, stop

_SWITCHES = tuple(Switches.model_fields)
Props = dict[str, Any]


class SandboxProcess(ResourceProvider):
    """Keeps one sandbox process per data dir. Props: see TrugenSandbox; numbers arrive as floats."""

    serialize_as_secret_always = False

    @foreseen(SandboxError, PortTakenError)
    def create(self, props: Props) -> CreateResult:
        return CreateResult(str(_data_dir(props).path), _served(props))

    def diff(self, _id: str, olds: Props, news: Props) -> DiffResult:
        return DiffResult(any(olds.get(key) != news.get(key) for key in (*_SWITCHES, "__provider")))

    @foreseen(SandboxError, PortTakenError)
    def update(self, _id: str, olds: Props, news: Props) -> UpdateResult:
        return UpdateResult(_served({**news, "data_dir": olds["data_dir"]}))

    @foreseen(SandboxError, PortTakenError)
    def read(self, id_: str, props: Props) -> ReadResult:
        data_dir = _data_dir(props)
        if not data_dir.database.exists():
            return ReadResult("", {})
        serving = data_dir.serving()
        outs = _outputs(props, data_dir, serving) if serving and healthy(data_dir) else _served(props)
        inputs = (*_SWITCHES, "data_dir", "api_url", "progress_urn")
        return ReadResult(id_, outs, {key: outs[key] for key in inputs if key in outs})

    @foreseen(SandboxError, PortTakenError)
    def delete(self, _id: str, props: Props) -> None:
        data_dir = _data_dir(props)
        stop(data_dir)
        data_dir.remove()


def _data_dir(props: Props) -> DataDir:
    return DataDir(Path(props["data_dir"]))


def _served(props: Props) -> Props:
    data_dir = _data_dir(props)
    wanted = Switches(**{key: props[key] for key in _SWITCHES if key in props})
    serving = ensure(data_dir, wanted, lambda message: report(props["progress_urn"], message))
    return _outputs(props, data_dir, serving)


def _outputs(props: Props, data_dir: DataDir, serving: Serving) -> Props:
    return {
        **props,
        # What was not said is no prop: what a stack stores stays as it is.
        **serving.model_dump(exclude={"behaviour"}, exclude_none=True),
        "api_url": f"http://127.0.0.1:{serving.port}/v1",
        "api_key": data_dir.api_key(),
    }
