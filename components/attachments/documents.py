"""
The documents of a knowledge base: TruGen shows their names and ids, so the name carries the hash of the content.

`handbook.3fa9c1d2e4b5.md` is the document `handbook` with the content of that hash: another content is another name, a
lost answer is settled by reading the names again, and a copy is a name that stands there twice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from components.attachments import files
from components.lifecycle.errors import ContentError
from components.redaction import Redactor
from components.trugen.errors import AmbiguousError, NotFoundError, TrugenError
from components.trugen.objects import Objects

HASH_CHARACTERS = 12
# Indexing takes its time; that the name shows late is likely, that it never shows is a reason.
PAUSES_S = (0.0, 0.5, 1.0, 2.0, 4.0)
# As for objects: unanswered uploads may have made something, those that were turned away (429) have not.
MAX_UNANSWERED = 2
MAX_TURNED_AWAY = 10
MAX_TEXT = 200

# Searched, not matched: TruGen may show a name with more around it, or with another suffix.
_OURS = re.compile(rf"(?<![a-z0-9-])([a-z][a-z0-9-]{{0,29}})\.([0-9a-f]{{{HASH_CHARACTERS}}})(?![0-9a-f])")

Inputs = Mapping[str, Any]
Sleep = Callable[[float], object]


@dataclass(frozen=True)
class Held:
    """A document that TruGen shows; *stamp* is ours (name and hash), None when somebody else brought it."""

    id: str
    name: str
    stamp: tuple[str, str] | None


def file_name(name: str, document: Mapping[str, Any]) -> str:
    ending = ".txt" if "text" in document else files.suffix(str(document["file"]))
    return f"{name}.{document['sha256'][:HASH_CHARACTERS]}{ending}"


def shown(document: Mapping[str, Any], inputs: Inputs) -> Any:
    """
    The declared documents as *document* shows them: those that are missing left out, the others under their ids.

    What somebody else brought counts only when `onDrift` says what to do about it, and is not `keep`.
    """
    declared = inputs["documents"]
    if "documents" not in document:
        return declared
    held = _held(document)
    seen: dict[str, Any] = {}
    for name, one in _recorded(declared).items():
        copies = sum(each.stamp == _stamp(name, one) for each in held)
        if copies:
            seen[name] = one if copies == one.get("copies", 1) else {**one, "copies": copies}
    stamps = {_stamp(name, one) for name, one in _recorded(declared).items()}
    others = [each for each in held if each.stamp not in stamps and (each.stamp or _counts(inputs))]
    return {**seen, **{each.id: {"name": each.name} for each in others}}


def bring(objects: Objects, id_: str, inputs: Inputs, sleep: Sleep) -> None:
    """Upload what is missing; when all of it shows, delete copies and what is declared no more."""
    wanted = _recorded(inputs["documents"])
    document = objects.get(id_)
    held = _held(document)
    if wanted and not held and str(document.get("no_of_rec") or 0) != "0":
        # Going on would add a copy of each at every run.
        raise ContentError(f"TruGen says that it holds {document['no_of_rec']} and does not show which")
    stamps = {each.stamp for each in held}
    missing = {name: one for name, one in wanted.items() if _stamp(name, one) not in stamps}
    for name, one in missing.items():
        _uploaded(objects, id_, name, one, sleep)
    if missing:
        held = _when_shown(objects, id_, missing, sleep)
    for each in _surplus(held, inputs):
        try:
            objects.delete_part(each.id)
        except NotFoundError:
            continue


def _uploaded(objects: Objects, id_: str, name: str, document: Mapping[str, Any], sleep: Sleep) -> None:
    data = _data(name, document)
    unanswered = turned_away = 0
    while True:
        try:
            return objects.add_part(id_, file_name(name, document), data)
        except AmbiguousError as error:
            unanswered += not error.turned_away
            turned_away += error.turned_away
            if _appeared(objects, id_, _stamp(name, document), error, sleep):
                return None
            if unanswered >= MAX_UNANSWERED or turned_away >= MAX_TURNED_AWAY:
                raise ContentError(_clause(name, error, data)) from None
        except TrugenError as error:
            raise ContentError(_clause(name, error, data)) from None


def _appeared(objects: Objects, id_: str, stamp: tuple[str, str], error: AmbiguousError, sleep: Sleep) -> bool:
    for pause_s in PAUSES_S[:1] if error.turned_away else PAUSES_S:
        sleep(pause_s or error.retry_after_s)
        if any(each.stamp == stamp for each in _held(objects.get(id_))):
            return True
    return False


def _when_shown(objects: Objects, id_: str, missing: Mapping[str, Any], sleep: Sleep) -> list[Held]:
    """What the knowledge base holds, once it shows what was just brought: nothing older goes before that."""
    held: list[Held] = []
    for pause_s in PAUSES_S:
        sleep(pause_s)
        held = _held(objects.get(id_))
        stamps = {each.stamp for each in held}
        late = [name for name, one in missing.items() if _stamp(name, one) not in stamps]
        if not late:
            return held
    raise ContentError(f"TruGen does not show what it confirmed: {', '.join(late)}")


def _surplus(held: list[Held], inputs: Inputs) -> list[Held]:
    allowed = {_stamp(name, one): int(one.get("copies", 1)) for name, one in _recorded(inputs["documents"]).items()}
    kept_ids = inputs["documents"].keys()
    surplus = []
    for each in held:
        if each.id in kept_ids:
            continue
        if each.stamp is None:
            surplus += [each] if inputs.get("on_drift") == "overwrite" else []
        elif allowed.get(each.stamp, 0):
            allowed[each.stamp] -= 1
        else:
            surplus.append(each)
    return surplus


def _data(name: str, document: Mapping[str, Any]) -> bytes:
    try:
        data = document["text"].encode() if "text" in document else files.content(str(document["file"]))
    except ValueError as error:
        raise ContentError(f"{name}: {error}") from None
    if files.sha256(data) != document["sha256"]:
        raise ContentError(f"{name}: '{document.get('file')}' has changed since the plan was made")
    return data


def _clause(name: str, error: TrugenError, data: bytes) -> str:
    """The content may come back in an answer, and the client does not know it as a secret."""
    said = str(error).splitlines()[0]
    return f"{name}: {Redactor(prose=[data.decode('utf-8', 'replace')]).line(said, limit=MAX_TEXT)}"


def _held(document: Mapping[str, Any]) -> list[Held]:
    found = [each for each in document.get("documents") or [] if isinstance(each, Mapping) and each.get("id")]
    return [Held(str(each["id"]), str(each.get("name")), _stamp_of(str(each.get("name")))) for each in found]


def _stamp_of(name: str) -> tuple[str, str] | None:
    match = _OURS.search(name)
    return (match[1], match[2]) if match else None


def _stamp(name: str, document: Mapping[str, Any]) -> tuple[str, str]:
    return name, str(document["sha256"])[:HASH_CHARACTERS]


def _recorded(documents: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Those that are declared, without the others that a read put beside them."""
    return {name: one for name, one in documents.items() if "sha256" in one}


def _counts(inputs: Inputs) -> bool:
    return inputs.get("on_drift") in {"overwrite", "fail"}
