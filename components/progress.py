"""
Live progress in a resource's own row of the Pulumi CLI.

`print` and `pulumi.log` in a dynamic provider land on the stack's row. The engine's address is the first argument of
the provider process, so its `Log` call can name the row. That argument is no public contract of Pulumi (read in 3.272,
`pulumi/dynamic/__main__.py`): when it is missing or wrong the line is lost, never the deployment.
"""

import functools
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pulumi.runtime.proto import engine_pb2_grpc

_ANSWER_WITHIN_S = 2.0
_PROVIDER_PROGRAM = ("pulumi", "dynamic", "__main__.py")


def report(urn: str, message: str, *, keep: bool = False) -> None:
    """
    Show *message* in the row of the resource *urn*; nothing outside a dynamic provider process, and never an error.

    Args:
        urn: Row to write in. A dynamic provider is not told its own URN, so resources pass one in as `progress_urn`.
        message: One line.
        keep: Also list the line in the summary after the run; otherwise the next line replaces it.
    """
    if not _is_provider_process():
        return
    # Inside: the CLI and the program import this module too and never need grpc. grpc ships no types.
    import grpc  # type: ignore[import-untyped]  # noqa: PLC0415
    from pulumi.runtime.proto import engine_pb2  # noqa: PLC0415 - see grpc

    line = engine_pb2.LogRequest(severity=engine_pb2.INFO, message=message, urn=urn, ephemeral=not keep)
    try:
        _engine(sys.argv[1]).Log(line, timeout=_ANSWER_WITHIN_S)
    except grpc.RpcError:
        return


def _is_provider_process() -> bool:
    return len(sys.argv) > 1 and Path(sys.argv[0]).parts[-3:] == _PROVIDER_PROGRAM


@functools.cache
def _engine(address: str) -> "engine_pb2_grpc.EngineStub":
    import grpc  # noqa: PLC0415 - see report
    from pulumi.runtime.proto import engine_pb2_grpc  # noqa: PLC0415 - see report

    return engine_pb2_grpc.EngineStub(grpc.insecure_channel(address))
