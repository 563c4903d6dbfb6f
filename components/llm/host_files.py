"""Files and folders of this machine that a container is shown: where they are, and whether they changed."""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from shlex import quote

from components.llm import gguf
from components.llm.gguf import locate
from components.llm.hub import HubLlm, ParsedLlm, VllmLlm
from components.llm.self_hosted import LlamaCppLlm, OllamaLlm, SelfHosted

_MOST_FILES = 10_000


def mark_of(paths: Iterable[str]) -> str:
    """
    Changes when a file is written, added or removed: by size and time, since hashing gigabytes takes minutes.

    What does not exist is marked as such; preflight names it before anything is made.
    """
    lines = [line for path in paths for line in _lines(locate(path))]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def _lines(path: Path) -> Iterator[str]:
    for file in sorted(path.rglob("*"))[:_MOST_FILES] if path.is_dir() else [path]:
        try:
            facts = file.stat()
        except OSError:
            yield f"{file.name} missing"
        else:
            yield f"{file.relative_to(path)} {facts.st_size} {0 if file.is_dir() else facts.st_mtime_ns}"


def problems(llm: SelfHosted, *, rootless: bool = False) -> Iterator[str]:
    """What is wrong with the files that *llm* names, each as `key: sentence.`"""
    shown = set(llm.mounts.values())
    for key, path, why_bad in _named(llm):
        try:
            reason = why_bad(path)
            if reason is None and path in shown:
                reason = why_unreadable(locate(path), rootless=rootless)
        except OSError as error:
            reason = f"'{path}' cannot be read: {error.strerror}. Try `ls -ld {quote(str(locate(path)))}`"
        if reason:
            yield f"{key}: {reason}."


def _named(llm: SelfHosted) -> Iterator[tuple[str, str, Callable[[str], str | None]]]:
    yield from ((key, path, _why_bad_gguf) for key, path in _gguf_files(llm))
    yield from ((key, path, _why_bad_folder) for key, path in _folders(llm))
    if isinstance(llm, LlamaCppLlm | ParsedLlm) and llm.chat_template_file:
        yield "chatTemplateFile", llm.chat_template_file, _why_no_file


def weights_bytes(llm: SelfHosted) -> int | None:
    """Size of the weights that lie on this machine; None when they come from elsewhere."""
    if isinstance(llm, LlamaCppLlm):
        return locate(llm.gguf).stat().st_size
    if isinstance(llm, OllamaLlm) and llm.gguf:
        return locate(llm.gguf.path).stat().st_size
    if isinstance(llm, HubLlm) and llm.weights.directory:
        return sum(
            file.stat().st_size for file in locate(llm.weights.directory).glob("*.safetensors") if file.is_file()
        )
    return None


def _gguf_files(llm: SelfHosted) -> Iterator[tuple[str, str]]:
    if isinstance(llm, OllamaLlm) and llm.gguf:
        yield "gguf.path", llm.gguf.path
        if llm.gguf.adapter:
            yield "gguf.adapter", llm.gguf.adapter
    elif isinstance(llm, LlamaCppLlm):
        yield "gguf", llm.gguf
        if llm.mmproj:
            yield "mmproj", llm.mmproj
        yield from ((f"loras[{number}]", path) for number, path in enumerate(llm.loras))


def _folders(llm: SelfHosted) -> Iterator[tuple[str, str]]:
    if isinstance(llm, HubLlm) and llm.weights.directory:
        yield "weights.directory", llm.weights.directory
    if isinstance(llm, VllmLlm):
        yield from ((f"loras.{name}.directory", lora.directory) for name, lora in llm.loras.items())


def _why_bad_gguf(declared: str) -> str | None:
    path = locate(declared)
    try:
        gguf.check(path)
    except FileNotFoundError:
        return f"'{declared}' does not exist (looked at {path}). Put the file there, or correct the path"
    except IsADirectoryError:
        return f"'{declared}' is a folder. Name the .gguf file in it"
    except gguf.NotGgufError as error:
        return f"'{declared}' {error}"
    return None


def _why_no_file(declared: str) -> str | None:
    path = locate(declared)
    if path.is_dir():
        return f"'{declared}' is a folder. Name the file in it"
    if not path.exists():  # Docker would make a folder of that name
        return f"'{declared}' does not exist (looked at {path}). Put it there, or correct the path"
    return None


def _why_bad_folder(declared: str) -> str | None:
    path = locate(declared)
    if not path.is_dir():
        return f"'{declared}' is no folder (looked at {path}). Put the weights there, or correct the path"
    if not any((path / name).is_file() for name in ("config.json", "adapter_config.json")):
        return f"'{declared}' holds neither config.json nor adapter_config.json; name the folder that does"
    return None


def why_unreadable(path: Path, *, rootless: bool) -> str | None:
    """
    Why a container cannot read *path*, file or folder; None when it can.

    Its root has no capability, so it reads only what root owns or everybody may read.

    Raises:
        OSError: this user may not look there.
    """
    for one in [path, *sorted(path.rglob("*"))[:_MOST_FILES]] if path.is_dir() else [path]:
        if one != path and _leads_out(one, path):
            # As in the cache of the Hugging Face hub, where a snapshot is made of links to its blobs.
            advice = f"name a copy without links: `cp -rL {quote(str(path))} <other folder>`"
            return f"{one} leads out of the folder, where the container does not see it; {advice}"
        if not one.exists():
            continue
        facts = one.stat()
        needed = 0o005 if one.is_dir() else 0o004
        owned = facts.st_uid == (os.getuid() if rootless else 0)
        if facts.st_mode & needed != needed and not owned:
            return f"{one} may not be read by the container; `chmod -R o+rX {quote(str(path))}`"
    return None


def _leads_out(one: Path, folder: Path) -> bool:
    return one.is_symlink() and (one.readlink().is_absolute() or not one.resolve().is_relative_to(folder.resolve()))
