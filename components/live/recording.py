"""All answers of one check, under the names of their questions. None stands for a call that was not made."""

from __future__ import annotations

from dataclasses import dataclass, field

from components.live.answer import Answer, Json


@dataclass
class Write:
    """
    A write of the throwaway.

    Attributes:
        sent: its body.
        shown: the agent in the first read that shows the write; None when none of *reads* did.
    """

    sent: Json
    answer: Answer
    reads: list[Answer] = field(default_factory=list)
    shown: Json | None = None


@dataclass
class Written:
    """
    What happened to the throwaway.

    Attributes:
        by_name, by_part: searches for its whole name and for a piece out of its middle.
        attached: name of the member that `replace` attached something with; None when there was nothing to attach.
        extras: all of *unknown_member*, *call_ended* and *plain_http* in one body; when that was refused, each alone.
    """

    name: str
    create: Write | None = None
    by_name: list[Answer] = field(default_factory=list)
    by_part: Answer | None = None
    attached: str | None = None
    replace: Write | None = None
    extras: Write | None = None
    unknown_member: Write | None = None
    call_ended: Write | None = None
    plain_http: Write | None = None
    patch: Answer | None = None
    delete: Answer | None = None
    second_delete: Answer | None = None


@dataclass
class Recording:
    """
    Attributes:
        item: one agent of *page*, read by its id.
        malformed, missing: reads of an id that is no UUID, and of one that nobody has.
        limited: every 429, all of which were tried again.
        written: None in a check that only reads.
    """

    avatars: Answer | None = None
    page: Answer | None = None
    item: Answer | None = None
    malformed: Answer | None = None
    missing: Answer | None = None
    providers: Answer | None = None
    knowledge_bases: Answer | None = None
    tools: Answer | None = None
    limited: list[Answer] = field(default_factory=list)
    calls: int = 0
    budget_spent: bool = False
    written: Written | None = None
