"""
Command line of the preparation: `python3 -m air_gapped COMMAND`.

    packages          only the Python packages, for `make check`
    tools             packages, Pulumi and its Docker plugin: what a pipeline needs beside a Docker engine
    prepare           everything `make up` and `make test` need
    run -- WORDS...   run a command with the prepared tools, for the Makefile
    env               print the same environment as shell lines, for `eval "$(make env)"`
    resume            start the Docker engine again that prepare started, if it does not run
    stop              stop the Docker engine that prepare started, if it did
"""

import argparse
import os
import shlex
import sys

from air_gapped import (
    actionlint,
    caddy_image,
    docker_engine,
    jq,
    llama_cpp_image,
    model_file,
    ollama_image,
    places,
    postgres,
    pulumi_tools,
    python_env,
    python_image,
)
from air_gapped.commands import PrepareError
from air_gapped.progress import Progress, clock
from air_gapped.tasks import Task, run_all

# Opens nothing but a toy: the local stack holds a sandbox key and a loopback token (docs/adr/0002).
_LOCAL_PASSPHRASE = "trugen-local-sandbox"  # noqa: S105 - public on purpose


def _packages_task(*, with_tests: bool) -> Task:
    requirements = (python_env.RUNTIME, python_env.TESTS) if with_tests else (python_env.RUNTIME,)
    return Task("packages", lambda report: python_env.packages(report, requirements=requirements))


def _tools(*, with_tests: bool) -> list[Task]:
    return [
        _packages_task(with_tests=with_tests),
        Task("pulumi", pulumi_tools.cli),
        Task("docker plugin", pulumi_tools.docker_plugin, frozenset({"pulumi"})),
    ]


def _everything(*, with_tests: bool) -> list[Task]:
    tasks = [
        *_tools(with_tests=with_tests),
        Task("docker", docker_engine.engine),
        Task("model", model_file.model),
        Task("ollama", ollama_image.engine_binary, frozenset({"docker"})),
        Task("image", ollama_image.image, frozenset({"docker", "ollama"})),
        Task("caddy", caddy_image.image, frozenset({"docker"})),
        Task("python image", python_image.image, frozenset({"docker"})),
    ]
    if with_tests:
        tasks += [
            Task("llama.cpp", llama_cpp_image.image, frozenset({"docker"})),
            Task("litellm", python_env.litellm),
            Task("actionlint", actionlint.linter),
            Task("postgres", postgres.server),
            Task("jq", jq.program),
        ]
    return tasks


def _prepare(tasks: list[Task]) -> None:
    progress = Progress()
    took_s = run_all(tasks, progress)
    total_s = progress.elapsed_s()
    if total_s >= 2:  # noqa: PLR2004 - waits below two seconds need no account
        phases = ", ".join(f"{name} {clock(seconds).strip()}" for name, seconds in took_s.items())
        print(f"[{clock(total_s)}] machine ready in {clock(total_s).strip()} (side by side: {phases})", flush=True)


def _environment(stack: str) -> dict[str, str]:
    return {**pulumi_tools.environment(), **docker_engine.environment(), **_passphrase(stack)}


def _passphrase(stack: str) -> dict[str, str]:
    """The public one, for the local stack only: any other would be encrypted for everybody to read."""
    given = any(name in os.environ for name in ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"))
    return {"PULUMI_CONFIG_PASSPHRASE": _LOCAL_PASSPHRASE} if stack == "local" and not given else {}


def _exec(words: list[str], stack: str) -> None:
    os.environ.update(_environment(stack))
    os.chdir(places.PROJECT)
    try:
        os.execvp(words[0], words)  # noqa: S606 - the Makefile's own command, signals and status must pass through
    except FileNotFoundError:
        raise PrepareError(f"{words[0]} is not there yet.\n  Run: make up") from None


def main() -> None:
    parser = argparse.ArgumentParser(prog="python3 -m air_gapped", description="Prepare this machine.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("packages", "prepare"):
        commands.add_parser(name).add_argument("--with-tests", action="store_true")
    for name in ("run", "env"):
        commands.add_parser(name).add_argument("--stack", default="local")
    commands.choices["run"].add_argument("words", nargs=argparse.REMAINDER)
    commands.add_parser("tools")
    commands.add_parser("resume")
    commands.add_parser("stop")
    arguments = parser.parse_args()
    match arguments.command:
        case "packages":
            _prepare([_packages_task(with_tests=arguments.with_tests)])
        case "tools":
            _prepare(_tools(with_tests=False))
        case "prepare":
            _prepare(_everything(with_tests=arguments.with_tests))
        case "run":
            _exec([word for word in arguments.words if word != "--"], arguments.stack)
        case "env":
            variables = _environment(arguments.stack).items()
            print("\n".join(f"export {name}={shlex.quote(value)}" for name, value in variables))
        case "resume":
            _prepare([Task("docker", docker_engine.resume)])
        case "stop":
            print(docker_engine.stop())


try:
    main()
except PrepareError as error:
    sys.exit(f"\n{error}")
except KeyboardInterrupt:
    sys.exit("\nInterrupted; run the same make target again: finished parts are kept.")
