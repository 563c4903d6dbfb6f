"""Which model and which engine are to be examined, where the asker did not say: asked of the server itself."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from components.llm.gate.calls import Caller
from components.llm.gate.listing import Listing, openai_listing
from components.llm.gate.needs import Needs
from components.llm.gate.recognition import UNKNOWN, hosted, recognised
from components.llm.gate.target import Target
from components.llm.gate.wait import Wait
from components.llm.providers import provider_at

_NAME_CHARS = 200
_SIGN_CHARS = 80


@dataclass(frozen=True)
class Question:
    """
    Args:
        base_url: API root without a slash at the end.
        model: None takes the only one that the server lists.
        engine: None lets the server say.
    """

    base_url: str
    model: str | None = None
    engine: str | None = None
    token: str | None = field(default=None, repr=False)
    needs: Needs = field(default_factory=Needs)
    auth_required: bool = False
    gpu: bool = False
    timeout_s: float = 60.0

    @property
    def options(self) -> Sequence[str]:
        """Of `doctor`, as far as they ask for checks."""
        given = {
            "--tools": self.needs.tools,
            "--vision": self.needs.vision,
            "--system-prompt-bytes": self.needs.system_prompt_bytes > 0,
            "--gpu": self.gpu,
        }
        return [option for option, asked in given.items() if asked]

    def target(self, model: str | None, engine: str | None) -> Target:
        return Target(
            self.base_url,
            model or "",
            engine or UNKNOWN,
            token=self.token,
            needs=self.needs,
            auth_required=self.auth_required,
            gpu=self.gpu,
        )


class ModelNotChosen(Exception):
    """No model was named and the server lists another number than one; `names` are fit to print."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(f"{len(names)} models are listed")
        self.names = names


@dataclass
class Introduction:
    """Who is examined, as far as it is known; *notes*, fit to print, say what was chosen for the asker."""

    question: Question
    model: str | None
    engine: str | None
    notes: list[str] = field(default_factory=list)

    @classmethod
    def begun(cls, question: Question) -> "Introduction":
        known = provider_at(question.base_url)
        notes = [f"caution: {known.caution}"] if known and known.caution else []
        by_host = None if question.engine else hosted(question.base_url)
        if by_host is None:
            return cls(question, question.model, question.engine, notes)
        return cls(question, question.model, by_host.engine, [f"engine: {by_host.engine}, {by_host.sign}", *notes])

    @property
    def target(self) -> Target:
        return self.question.target(self.model, self.engine)

    @property
    def is_complete(self) -> bool:
        return self.model is not None and self.engine is not None

    def complete(self, wait: Wait, caller: Caller) -> None:
        """
        Raises:
            NotReady: nobody answers, or not to us.
            ModelNotChosen: the server lists no model, or several, and none was named.
        """
        question = self.question
        wait.enter("transport", question.base_url)
        listing = wait.until_passed(lambda: openai_listing(caller, question.base_url, question.token))
        if self.model is None:
            if listing.withheld is not None:
                wait.after(listing.withheld)
            self.model = _only_one(listing, caller)
            self.notes.append(f"model: {caller.redactor.line(self.model, limit=_NAME_CHARS)}, the only one listed")
        if self.engine is None:
            found = recognised(caller, question.base_url, question.token)
            self.engine = found.engine
            self.notes.append(f"engine: {found.engine}, {caller.redactor.line(found.sign, limit=_SIGN_CHARS)}")


def _only_one(listing: Listing, caller: Caller) -> str:
    names = [name for name in listing.names or () if name]
    if len(names) != 1:
        raise ModelNotChosen([caller.redactor.line(name, limit=_NAME_CHARS) for name in names])
    return names[0]
