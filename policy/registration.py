"""The thin edge to Pulumi: its arguments become `Seen`, findings become its reports."""

from collections.abc import Mapping
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    PolicyConfigSchema,
    PolicyPack,
    PolicyResource,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UnknownValueError

from policy.gateway import Placed, gateway_present
from policy.rules import (
    EXCEPT,
    EXCEPT_SCHEMA,
    GATEWAY_PRESENT,
    GATEWAY_WHY,
    IN_THE_RUN,
    IN_THE_RUN_WHY,
    RULES,
    Rule,
    is_excepted,
)
from policy.seen import UNKNOWN, Seen
from policy.verdict import Finding, Violation

_NAMES_SHOWN = 3


class Pending:
    """
    What the policies could not judge yet, gathered until the last policy tells it.

    A policy of Pulumi can only report at its own level, and an unknown must neither stop a first preview nor pass for
    a yes.
    """

    def __init__(self) -> None:
        self._found: dict[str, list[str]] = {}

    def add(self, policy: str, name: str, what: str) -> None:
        self._found.setdefault(f"{policy} ({what})", []).append(name)

    def told(self) -> str | None:
        """All in one text, then forgotten; None when there is nothing."""
        found, self._found = self._found, {}
        return "; ".join(f"{case} of {_few(names)}" for case, names in sorted(found.items())) or None


def _few(names: list[str]) -> str:
    first, more = sorted(names)[:_NAMES_SHOWN], len(names) - _NAMES_SHOWN
    return ", ".join(first) + (f" and {more} more" if more > 0 else "")


def serve() -> None:
    """Answer Pulumi until it ends this process. Without a configuration every policy is mandatory."""
    pending = Pending()
    policies = [
        *(_of_resources(rule, pending) for rule in RULES),
        StackValidationPolicy(GATEWAY_PRESENT, GATEWAY_WHY, _gateway(pending), config_schema=_schema({})),
        StackValidationPolicy(IN_THE_RUN, IN_THE_RUN_WHY, _in_the_run(pending), EnforcementLevel.ADVISORY),
    ]
    PolicyPack("trugen-llm", policies, EnforcementLevel.MANDATORY)


def _of_resources(rule: Rule, pending: Pending) -> ResourceValidationPolicy:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        if args.resource_type in rule.types:
            provider = {} if args.provider is None else plain(args.provider.props)
            seen = Seen(args.resource_type, args.name, args.urn, plain(args.props), args.opts.protect, provider)
            for finding in rule.findings(seen, plain(args.get_config())):
                _tell(finding, rule.id, seen, report, pending)

    return ResourceValidationPolicy(rule.id, rule.why, validate, config_schema=_schema(rule.settings))


def _gateway(pending: Pending) -> Any:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        settings = plain(args.get_config())
        for seen, finding in gateway_present([_placed(one) for one in args.resources], settings):
            if not is_excepted(seen.name, settings):
                _tell(finding, GATEWAY_PRESENT, seen, report, pending)

    return validate


def _in_the_run(pending: Pending) -> Any:
    """The last policy of the pack, so that all others have had their say."""

    def validate(_: StackValidationArgs, report: ReportViolation) -> None:
        if (told := pending.told()) is not None:
            report(told, None)

    return validate


def _tell(finding: Finding, policy: str, seen: Seen, report: ReportViolation, pending: Pending) -> None:
    if isinstance(finding, Violation):
        report(finding.text, seen.urn)
    else:
        pending.add(policy, seen.name, finding.what)


def _placed(resource: PolicyResource) -> Placed:
    # What a stack policy is given are outputs, in the spelling of the provider's schema.
    props = plain(resource.props)
    if "networksAdvanceds" in props:
        props["networksAdvanced"] = props["networksAdvanceds"]
    component = resource.parent
    llm = None if component is None or component.parent is None else component.parent.urn
    return Placed(Seen(resource.resource_type, resource.name, resource.urn, props, resource.opts.protect), llm)


def _schema(settings: Mapping[str, Any]) -> PolicyConfigSchema:
    return PolicyConfigSchema({EXCEPT: dict(EXCEPT_SCHEMA), **settings})


def plain(value: Any) -> Any:
    """Pulumi's proxies raise where a value is unknown; a decision shall see the rest, too."""
    if isinstance(value, Mapping):
        return {key: _member(value, key) for key in value}
    if isinstance(value, str | bytes) or not hasattr(value, "__len__"):
        return value
    return [_member(value, index) for index in range(len(value))]


def _member(value: Any, key: Any) -> Any:
    try:
        return plain(value[key])
    except UnknownValueError:
        return UNKNOWN
