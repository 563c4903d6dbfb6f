"""
What can be wrong with an object although every call was answered. Each message ends in what to type next.

    LifecycleError
    ├── NameTakenError    more than one object, or a foreign one, answers to the name
    ├── UncertainError    TruGen answered no POST; an object may or may not have been made
    ├── RivalError        another run made the same object earlier; ours was taken back
    ├── GoneError         deleted elsewhere
    ├── AllGoneError      every object answers 404: rather the wrong key than that many deletions
    ├── EditedError       edited elsewhere, and the drift policy of those inputs is `fail`
    ├── ContentError      what belongs into an object could not be brought; recorded as the reason, not raised
    └── UnverifiedError   made, but TruGen does not show what was declared; ManyUnverifiedError for several
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

MOST_TOLD = 10


class LifecycleError(Exception):
    """Root of what the verbs raise beside the client's errors."""


class NameTakenError(LifecycleError):
    def __init__(self, noun: str, name: str, ids: Iterable[str], why: str, adopt: str) -> None:
        listed = ", ".join(sorted(ids))
        super().__init__(
            f"The {noun} name {name!r} is taken: {why} ({listed}). Nothing was created or changed.\n"
            f"  Delete what should not be there in the TruGen console, or take one over with `{adopt}: <id>`."
        )


class UncertainError(LifecycleError):
    def __init__(self, noun: str, name: str, cause: str) -> None:
        super().__init__(
            f"TruGen confirmed no {noun} {name!r}, and its search shows none: {cause}.\n"
            "  Run `pulumi up` again: it searches for the name before it creates anything."
        )


class RivalError(LifecycleError):
    def __init__(self, noun: str, name: str, winner: str, ours: str) -> None:
        super().__init__(
            f"Another run created {name!r} at the same time and earlier ({winner}); ours ({ours}) was deleted again.\n"
            f"  Let the other run finish, then run `pulumi up --refresh` if this stack should manage the {noun}."
        )


class GoneError(LifecycleError):
    def __init__(self, noun: str, id_: str) -> None:
        super().__init__(
            f"The {noun} {id_} does not exist any more: it was deleted outside of this stack.\n"
            f"  Run `pulumi up --refresh`: it sees that and creates the {noun} anew."
        )


class AllGoneError(LifecycleError):
    def __init__(self, noun: str, ids: Iterable[str]) -> None:
        listed = sorted(ids)
        super().__init__(
            f"Every {noun} of this stack answers 404 ({', '.join(listed)}); a key of another workspace does that too.\n"
            "  Check TRUGEN_API_KEY or trugenApiKey. If they are deleted for good, finish a destroy with "
            "`pulumi destroy --refresh=false`, or forget them one by one: `pulumi refresh --target <urn>`."
        )


class EditedError(LifecycleError):
    def __init__(self, noun: str, id_: str, inputs: Iterable[str]) -> None:
        listed = ", ".join(inputs)
        super().__init__(
            f"The {noun} {id_} was edited outside of this stack ({listed}), and `onDrift` says `fail`.\n"
            "  Declare what is there now, or set `onDrift` of that group to `overwrite` or `keep`;"
            " then run `pulumi up` again."
        )


class ContentError(LifecycleError):
    """Its text becomes part of a `status_reason`: one clause."""


class UnverifiedError(LifecycleError):
    def __init__(self, noun: str, id_: str, reason: str) -> None:
        super().__init__(
            f"The {noun} {id_} exists but is not as declared: {reason}.\n"
            f"  Run `pulumi up` again: it sends the whole {noun} once more and compares."
        )


class ManyUnverifiedError(LifecycleError):
    def __init__(self, reasons: Mapping[str, str]) -> None:
        lines = [f"  {name}: {reason}" for name, reason in sorted(reasons.items())[:MOST_TOLD]]
        more = f"  ... and {len(reasons) - MOST_TOLD} more" if len(reasons) > MOST_TOLD else ""
        super().__init__(
            "\n".join(
                [
                    f"{len(reasons)} exist but are not as declared.",
                    *lines,
                    *filter(None, [more]),
                    "  Run `pulumi up` again: it sends them once more and compares.",
                ]
            )
        )
