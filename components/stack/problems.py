"""Mistakes in a stack file as sentences: where, what is wrong, what to write instead. Never a prompt or a secret."""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import AliasChoices, BaseModel, ValidationError
from pydantic.fields import FieldInfo

_MAY_BE_CONFIDENTIAL = re.compile(r"prompt|context$|instruction|system|message|token|key|phrase", re.IGNORECASE)
_HOLD_CONFIDENTIAL = frozenset({"headers", "documents"})
_ECHO_CHARS = 60


class SettingsError(Exception):
    """All problems of one stack file in one text."""

    def __init__(self, stack: str, problems: Iterable["Problem"]) -> None:
        found = sorted(set(problems), key=lambda problem: problem.path)
        count = "1 problem" if len(found) == 1 else f"{len(found)} problems"
        lines = [f"stacks/Pulumi.{stack}.yaml has {count}; nothing was created or changed."]
        lines += [_printable(f"  {problem.path}: {problem.text}") for problem in found]
        lines.append(f"  Correct the file, then run `pulumi preview --stack {stack}`.")
        super().__init__("\n".join(lines))


@dataclass(frozen=True)
class Problem:
    """*path* as the stack file spells it, `agents.concierge.llm`; *text* continues the sentence."""

    path: str
    text: str


def _printable(text: str) -> str:
    """Keys and values of the file stand in *text*: escapes and line ends in them must not reach a terminal."""
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)


def near(word: str, known: Iterable[str]) -> str | None:
    """The one of *known* that *word* may be a slip of."""
    return next(iter(difflib.get_close_matches(word, sorted(known), n=1)), None)


def unknown(word: str, known: Iterable[str]) -> str:
    """Name the nearest valid spelling of *word*, or all of them."""
    names = sorted(known)
    if similar := near(word, names):
        return f"did you mean '{similar}'?"
    return f"known: {', '.join(names)}" if names else "none is declared"


def explain(error: ValidationError, path: str, shape: Any) -> Iterator[Problem]:
    """Turn what pydantic found at *path*, which has the type *shape*, into problems; one per place in the file."""
    told: set[str] = set()
    for found in error.errors(include_url=False):
        where, models = _walk(found["loc"], [path], _models(shape))
        if where not in told:
            told.add(where)
            yield Problem(where, _sentence(found, models))


def _walk(
    steps: Sequence[int | str], path: list[str], models: list[type[BaseModel]]
) -> tuple[str, list[type[BaseModel]]]:
    """
    Follow *steps* through *models*: the path as the user wrote it, and the models whose keys may stand there.

    pydantic also names union members among the steps; they are not in the file. The tag of a discriminated union picks
    the model. `[key]` says that the key itself is wrong.
    """
    names_come = False
    for position, step in enumerate(steps):
        last = position == len(steps) - 1
        if step == "[key]":
            continue
        if isinstance(step, int):
            path.append(f"[{step}]")
        elif names_come:
            path.append(f".{step}")
            names_come = False
        elif tagged := [model for model in models if step in _tags(model)]:
            models = tagged
        elif fields := [field for model in models if (field := _fields(model).get(step))]:
            path.append(f".{step}")
            models = models if last else [one for field in fields for one in _models(field)]
            names_come = any(_is_map(field) for field in fields)
        elif last or not models:
            path.append(f".{step}")
    return "".join(path), models


def _sentence(found: Any, models: list[type[BaseModel]]) -> str:
    kind, step, value = found["type"], str(found["loc"][-1]) if found["loc"] else "", found["input"]
    if kind == "extra_forbidden":
        return f"unknown key; {unknown(step, {name for model in models for name in _fields(model)})}"
    if kind == "missing":
        return "is missing"
    if kind == "json_invalid" and "recursion" not in found["msg"]:
        return "holds half of a character (a lone surrogate); save the file as UTF-8"
    if kind in {"union_tag_not_found", "union_tag_invalid"}:
        tags = " or ".join(sorted({tag for model in models for tag in _tags(model)}))
        return f"needs `engine: {tags}`"
    text = str(found["msg"]).removeprefix("Value error, ")
    if kind == "value_error":
        return text
    return f"{text[0].lower()}{text[1:]}{_echo(found['loc'], value)}"


def _echo(steps: Sequence[int | str], value: Any) -> str:
    confidential = _HOLD_CONFIDENTIAL.intersection(steps) or _MAY_BE_CONFIDENTIAL.search(
        str(steps[-1]) if steps else ""
    )
    if confidential or isinstance(value, dict | list) or len(str(value)) > _ECHO_CHARS:
        return ""
    return f", not {value!r}"


def _fields(model: type[BaseModel]) -> dict[Any, Any]:
    """Types by the spelling that a stack file uses."""
    return {spelled(name, field): field.annotation for name, field in model.model_fields.items()}


def spelled(name: str, field: FieldInfo) -> str:
    """A field as a stack file spells it: the first when several spellings are accepted."""
    alias = field.validation_alias
    return str(alias.choices[0] if isinstance(alias, AliasChoices) else alias or name)


def _tags(model: type[BaseModel]) -> tuple[Any, ...]:
    engine = model.model_fields.get("engine")
    return get_args(engine.annotation) if engine and get_origin(engine.annotation) is Literal else ()


def _models(shape: Any) -> list[type[BaseModel]]:
    """Every model inside a type: `dict[str, A | B]` holds A and B."""
    if isinstance(shape, type) and issubclass(shape, BaseModel):
        return [shape]
    return [model for part in get_args(shape) for model in _models(part)]


def _is_map(shape: Any) -> bool:
    """Whether names that the user chooses come next: `Mapping[str, A]`, annotated or optional."""
    origin = get_origin(shape)
    return origin in {dict, Mapping} or (origin in {Annotated, Union, UnionType} and any(map(_is_map, get_args(shape))))
