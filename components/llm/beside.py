"""
Whether a new engine fits into memory beside the one that serves, which stays until the new one is proven. Pure.

Only what is known refuses. On a GPU that is `gpuMemoryShare`; how much of its memory is free, and what the old engine
was started with, is not asked: an engine that does not fit is not proven, and the old one stays. On a CPU the kernel
may kill either of them, so there a size that is not known counts as all that the container may use.
"""

from collections.abc import Iterator, Mapping

_GIB = 2**30
# For context and buffers, which are not known before the model is loaded; a choice, not a measurement.
_MARGIN_BYTES = _GIB // 2


def need_bytes(weights_bytes: int | None, limit_bytes: int) -> int:
    """What an engine takes of this machine's memory: never more than the limit of its container."""
    return limit_bytes if weights_bytes is None else min(weights_bytes + _MARGIN_BYTES, limit_bytes)


def why_not_on_this_machine(needs: Mapping[str, int], available_bytes: int) -> Iterator[str]:
    """By LLM, what each takes: engines that come up in one run need room together."""
    left = available_bytes
    for llm, need in needs.items():
        if need <= left:
            left -= need
        else:
            yield (
                f"llms.{llm}.memory: the new engine takes about {gib(need)} beside the one that serves, and this"
                f" machine has {gib(left)} left for it. Free some, or {_recreate(llm)}"
            )


def why_not_on_one_server(llm: str, new: tuple[str, int], old: tuple[str, int], limit_bytes: int) -> str | None:
    """Models by name and size in bytes: an Ollama holds both until the new one is proven."""
    if new[1] + old[1] <= limit_bytes:
        return None
    return (
        f"memory: the weights of '{new[0]}' take {gib(new[1])} beside the {gib(old[1])} of '{old[0]}', which serves,"
        f" and the container may use {gib(limit_bytes)}. Raise `memory`, or {_recreate(llm)}"
    )


def why_not_on_one_gpu(llm: str, share: float | None) -> str | None:
    """*share* is of one engine; the old one is taken to have the same, on the same GPUs."""
    if share is None or 2 * share <= 1:
        return None
    return (
        f"gpuMemoryShare: two engines that take {share:g} of a GPU each do not fit on one, and the old one serves until"
        f" the new one is proven. Set 0.5 or less, or {_recreate(llm)}"
    )


def gib(size_bytes: int) -> str:
    return f"{size_bytes / _GIB:.1f} GiB"


def _recreate(llm: str) -> str:
    return f"replace the old one first, with a pause: `pulumi config set --path llms.{llm}.strategy recreate`."
