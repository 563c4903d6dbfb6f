"""
JSON Schemas of the stack files for editors: made of the same models that refuse a mistake, so the two cannot differ.

They know shapes: keys, types, words to choose from, limits of numbers. What holds between values (an address that
TruGen can reach, a name that is declared) is told by `pulumi preview`. No key is demanded that shared.yaml may give.
"""

import ast
import inspect
import json
import textwrap
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, get_args

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema

from components.llm.document import Llm
from components.stack import attached, shared
from components.stack.document import AgentSettings, Protection, TrugenSettings
from components.stack.problems import spelled

PROJECT = "trugen-llm"
_DIALECT = "http://json-schema.org/draft-07/schema#"  # what yaml-language-server knows
_NAME = "[a-z][a-z0-9-]{0,29}"
_SECTIONS: Mapping[str, Any] = {
    "llms": Llm,
    "agents": AgentSettings,
    **{key: section.shape for key, section in attached.SECTIONS.items()},
}
_OF_ONE_STACK: Mapping[str, Any] = {"trugen": TrugenSettings, "protection": Protection}
_ENCRYPTED = {
    "description": "Encrypted by `pulumi config set --secret`.",
    "type": "object",
    "properties": {"secure": {"type": "string"}},
    "required": ["secure"],
    "additionalProperties": False,
}
_PER_LLM = ("llmTokens", "hubTokens", "tunnelTokens", "providerKeys")
_NOT_OF_THE_DIALECT = frozenset({"title", "discriminator", "ge", "le"})


def of_a_stack() -> dict[str, Any]:
    """All of `Pulumi.<stack>.yaml`; other namespaces of its config are not looked at."""
    definitions = {"encrypted": _ENCRYPTED}
    sections = {word: _section(word, _NAME, definitions) for word in _SECTIONS}
    sections |= {word: _shape(shape, definitions, partial=False) for word, shape in _OF_ONE_STACK.items()}
    config = {
        "type": "object",
        "properties": {f"{PROJECT}:{word}": one for word, one in {**sections, **_secrets()}.items()},
        "patternProperties": {f"^(?!{PROJECT}:)[^:]+:.+$": {}},
        "additionalProperties": False,
    }
    text = {"type": "string"}
    own = {"secretsprovider": text, "encryptedkey": text, "encryptionsalt": text, "environment": {}}
    return _whole("A stack file of trugen-llm", {"config": config, **own}, definitions)


def of_the_shared_file() -> dict[str, Any]:
    """All of `stacks/shared.yaml`."""
    definitions: dict[str, Any] = {}
    names = rf"({_NAME}|\*)"
    sections = {word: _section(word, names, definitions) for word in _SECTIONS}
    return _whole("What all stacks of trugen-llm share", sections, definitions)


def text(schema: Mapping[str, Any]) -> str:
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


def _whole(title: str, properties: Mapping[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "$schema": _DIALECT,
        "title": title,
        "description": "Written by `make schema`.",
        "type": ["object", "null"],
        "properties": properties,
        "additionalProperties": False,
        "$defs": dict(sorted(definitions.items())),
    }


def _section(word: str, names: str, definitions: dict[str, Any]) -> dict[str, Any]:
    entry = _entry_of_llms(definitions) if word == "llms" else _shape(_SECTIONS[word], definitions, partial=True)
    if key := shared.TEXTS.get(word):
        model = definitions[_SECTIONS[word].__name__]
        model["properties"][f"{key}File"] = {
            "description": f"A file of the project whose text stands in for `{key}`, like stacks/agents/concierge.md.",
            "type": "string",
        }
    return {"type": "object", "propertyNames": {"pattern": f"^{names}$"}, "additionalProperties": entry}


def _entry_of_llms(definitions: dict[str, Any]) -> dict[str, Any]:
    """By its engine; an entry without one has it from shared.yaml, and may be any."""
    union, *_ = get_args(Llm)
    models = {get_args(model.model_fields["engine"].annotation)[0]: model for model in get_args(union)}
    shapes = {engine: _shape(model, definitions, partial=True) for engine, model in models.items()}
    by_engine = [
        {"if": {"properties": {"engine": {"const": engine}}, "required": ["engine"]}, "then": shape}
        for engine, shape in shapes.items()
    ]
    any_of_them = {"if": {"not": {"required": ["engine"]}}, "then": {"anyOf": list(shapes.values())}}
    engines = {"description": "What serves it.", "enum": list(shapes)}
    return {"type": "object", "properties": {"engine": engines}, "allOf": [*by_engine, any_of_them]}


def _secrets() -> dict[str, Any]:
    encrypted = {"$ref": "#/$defs/encrypted"}
    named = {"type": "object", "additionalProperties": encrypted}
    headers = {"type": "object", "additionalProperties": named}
    sections = {"type": "object", "properties": dict.fromkeys(attached.WITH_HEADERS, headers)}
    by_llm = {word: {"anyOf": [encrypted, named]} for word in _PER_LLM}
    return {"trugenApiKey": encrypted, **by_llm, "secretHeaders": {"anyOf": [encrypted, sections]}}


def _shape(shape: type[BaseModel], definitions: dict[str, Any], *, partial: bool) -> dict[str, Any]:
    """A reference to *shape*, which *definitions* gets with all that it holds."""
    made = TypeAdapter(shape).json_schema(schema_generator=_WithTextsOfFields)
    found = {**made.pop("$defs", {}), shape.__name__: made}
    definitions.update({name: _cleaned(one, partial=partial) for name, one in found.items()})
    return {"$ref": f"#/$defs/{shape.__name__}"}


class _WithTextsOfFields(GenerateJsonSchema):
    """What stands below a field of a model describes it to the reader of the code, and so to the one of the file."""

    def model_schema(self, schema: core_schema.ModelSchema) -> dict[str, Any]:
        made = super().model_schema(schema)
        model: type[BaseModel] = schema["cls"]
        for name, told in _texts_of_fields(model).items():
            if described := made.get("properties", {}).get(spelled(name, model.model_fields[name])):
                described["description"] = told
        return made


def _texts_of_fields(model: type[BaseModel]) -> dict[str, str]:
    texts: dict[str, str] = {}
    for one in reversed(model.__mro__):
        if one is not BaseModel and issubclass(one, BaseModel):
            (body,) = ast.parse(textwrap.dedent(inspect.getsource(one))).body
            texts |= dict(_texts_in(body))
    return {name: text for name, text in texts.items() if name in model.model_fields}


def _texts_in(body: ast.stmt) -> Iterator[tuple[str, str]]:
    statements = body.body if isinstance(body, ast.ClassDef) else []
    for field, below in pairwise(statements):
        match field, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                yield name, inspect.cleandoc(text)


def _cleaned(value: Any, *, partial: bool) -> Any:
    if isinstance(value, list):
        return [_cleaned(one, partial=partial) for one in value]
    if not isinstance(value, dict):
        return value
    dropped = _NOT_OF_THE_DIALECT | ({"required"} if partial else frozenset())
    kept = {key: one for key, one in value.items() if key not in dropped and (key, one) != ("default", None)}
    return {
        # Below `properties` stand names of keys, `title` among them, and no words of the dialect.
        key: {name: _cleaned(each, partial=partial) for name, each in one.items()}
        if key in {"properties", "$defs"}
        else _cleaned(one, partial=partial)
        for key, one in kept.items()
    }
