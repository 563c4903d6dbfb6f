"""
What can be known before anything is created: asked by the program first, so that a bad stack costs nothing.

Quiet and quick when all is well: a few calls to Docker and one to each server that already runs.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence

from components.llm import beside, host_files
from components.llm.docker_facts import DockerFacts, DockerUnusableError
from components.llm.document import Llm, SelfHosted
from components.llm.gateway.slots import Choice
from components.llm.names import Names
from components.llm.preflight_one import Elsewhere, PreflightOne

_ELSEWHERE = Elsewhere()
# Set where a stack is only looked at, by a machine that will not run it: `preview --as-sandbox`.
ANOTHER_MACHINE = "TRUGEN_LLM_ANOTHER_MACHINE"
_NO_SECRETS: Mapping[str, Mapping[str, str]] = {}


class PreflightError(Exception):
    """Everything that stands in the way, in one text."""

    def __init__(self, problems: Iterable[str]) -> None:
        found = list(problems)
        count = "1 thing stands" if len(found) == 1 else f"{len(found)} things stand"
        super().__init__(
            "\n".join([f"{count} in the way; nothing was created or changed.", *(f"  {one}" for one in found)])
        )


def check(
    project: str,
    stack: str,
    llms: Mapping[str, Llm],
    secrets: Mapping[str, Mapping[str, str]] = _NO_SECRETS,
    elsewhere: Elsewhere = _ELSEWHERE,
) -> dict[str, Choice]:
    """
    Ask files, Docker and registries whether *llms* can be deployed; into which slot each self-hosted one goes.

    Args:
        project: of Pulumi.
        stack: of Pulumi.
        llms: by name.
        secrets: name of an LLM -> what its engine reads of secret files, by any name: another makes another engine.
        elsewhere: what is asked beside files and Docker.

    Raises:
        PreflightError: with every problem found.
    """
    own = {name: llm for name, llm in llms.items() if isinstance(llm, SelfHosted)}
    if not own:
        return {}
    try:
        facts = DockerFacts()
    except DockerUnusableError as error:
        files = (f"llms.{name}.{problem}" for name, llm in own.items() for problem in host_files.problems(llm))
        raise PreflightError([f"docker: {error}.", *files]) from None
    try:
        here = not os.environ.get(ANOTHER_MACHINE)
        each = []
        for name, llm in own.items():
            names = Names(project, stack, name)
            found = facts.slots_of(names, llm.runs_image)
            each.append(PreflightOne(names, llm, secrets.get(name, {}), facts, found, elsewhere, here))
        together = _too_large_together(each, elsewhere) if here else ()
        problems = [*(problem for one in each for problem in one.problems()), *together]
    except DockerUnusableError as error:
        raise PreflightError([f"docker: {error}."]) from None
    finally:
        facts.close()
    if problems:
        raise PreflightError(problems)
    return {one.names.llm: one.choice for one in each}


def _too_large_together(each: Sequence[PreflightOne], elsewhere: Elsewhere) -> Iterator[str]:
    needs = {one.names.llm: need for one in each if (need := one.beside_bytes)}
    available = elsewhere.available_bytes() if needs else None
    if available is not None:
        yield from beside.why_not_on_this_machine(needs, available)
