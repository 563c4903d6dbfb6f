"""
Serve the sandbox: `python -m components.sandbox --port 8899 --data-dir FOLDER`.

The API key is in `<data dir>/api_key`, readable by its owner only; it is never an argument.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import uvicorn

from components.sandbox.app import create_app
from components.sandbox.behaviour import Behaviour
from components.sandbox.data_dir import DataDir, InUseError, Serving
from components.sandbox.listener import PortTakenError, listening
from components.sandbox.store import Store


def main(argv: Sequence[str] | None = None) -> int:
    parser = _parser()
    args = parser.parse_args(argv)
    secrets = {"llm_secrets": "shown"} if args.reveal_llm else {}
    try:
        behaviour = Behaviour.read(args.behaviour, placement=args.placement, **secrets)
    except ValueError as error:
        parser.error(str(error))
    os.umask(0o077)
    data_dir = DataDir(args.data_dir)
    data_dir.prepare()
    try:
        with data_dir.held() as lease, listening(args.port) as listener:
            port: int = listener.getsockname()[1]
            lease.write(
                Serving(
                    port=port,
                    placement=args.placement,
                    reveal_llm=args.reveal_llm,
                    authorities=args.authorities and str(args.authorities),
                    behaviour=args.behaviour,
                    pid=os.getpid(),
                    started_at=datetime.now(UTC).isoformat(timespec="seconds"),
                )
            )
            store = Store(data_dir.database)
            app = create_app(store, data_dir.api_key(), behaviour, args.authorities)
            print(f"TruGen sandbox: http://127.0.0.1:{port}/v1, x-api-key in {data_dir.key_file}", flush=True)
            uvicorn.Server(uvicorn.Config(app, lifespan="off", ws="none", timeout_graceful_shutdown=2)).run([listener])
            store.close()
    except (InUseError, PortTakenError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m components.sandbox", description="TruGen API on this machine")
    parser.add_argument("--port", type=int, default=8899, help="port at 127.0.0.1; 0 takes a free one")
    parser.add_argument("--data-dir", type=Path, required=True, help="where agents, key and log are kept")
    parser.add_argument("--placement", choices=["nested", "flat"], default="nested", help="of llm, stt and tts")
    parser.add_argument("--reveal-llm", action="store_true", help="reads show the LLM's url and token")
    parser.add_argument(
        "--authorities", type=Path, metavar="DIR", help="trust only DIR/HOST:PORT.pem, if it is there, for an LLM there"
    )
    parser.add_argument(
        "--behaviour",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help=f"another answer to an open question of the API, repeatable: {', '.join(Behaviour.model_fields)}",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
