"""YAML as Pulumi (Go's yaml.v3) reads a stack file: what means one thing there must not mean another beside it."""

import json
import re
from typing import Any

import yaml


def loaded(text: str, *, aliases: bool = True) -> Any:
    """
    The value of *text*, None when it is empty.

    Args:
        aliases: Whether `*anchor` is allowed. A dozen lines of them stand for more values than a machine holds.

    Raises:
        ValueError: it is no YAML, or holds what JSON cannot; the text says where.
    """
    try:
        value = yaml.load(text, _Loader if aliases else _WithoutAliases)  # noqa: S506 - SafeLoaders
        # Through JSON, which is how Pulumi hands on the values of a stack file.
        return json.loads(json.dumps(value))
    except yaml.MarkedYAMLError as error:
        place = f" (line {error.problem_mark.line + 1})" if error.problem_mark else ""
        raise ValueError(f"is no YAML: {error.problem}{place}") from None
    except (yaml.YAMLError, ValueError, TypeError, RecursionError):
        raise ValueError("is no YAML that a stack file could hold, too") from None


class _Loader(yaml.SafeLoader):
    """Refuses a key that stands twice, as Go does: PyYAML would forget the first."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - PyYAML's signature
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode) and key.value != "<<"]
        if twice := next((key for key in keys if keys.count(key) > 1), None):
            raise yaml.constructor.ConstructorError(None, None, f"'{twice}' stands twice", node.start_mark)
        return super().construct_mapping(node, deep=deep)


class _WithoutAliases(_Loader):
    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            alias = self.peek_event()  # type: ignore[no-untyped-call] # of the stubs
            raise yaml.composer.ComposerError(
                None, None, f"the alias *{alias.anchor}; write the value itself", alias.start_mark
            )
        return super().compose_node(parent, index)


# PyYAML's own rules, those of YAML 1.1, take `off` for false and `12:30` for 750. What Go takes for a number in another
# notation (`0755`, `0x1F`, `1_000`) stays text here: refused where a number belongs, never another number.
_Loader.yaml_implicit_resolvers = {}
for _kind, _pattern, _begins in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", r"[-+]?(0|[1-9][0-9]*)", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*|[0-9]+(?=[eE]))([eE][-+]?[0-9]+)?", "-+.0123456789"),
    ("merge", r"<<", "<"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_kind}", re.compile(rf"^(?:{_pattern})$"), list(_begins))
