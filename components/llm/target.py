"""The endpoint that has to become ready."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Target:
    """
    An endpoint as TruGen will call it. URLs are API roots without a slash at the end.

    `engine` is `ollama`, `hosted` or another engine's name. `public_url` is what the agent will be given when it is not
    `base_url`, the URL probed from here. `container_id` is None when the container is not ours.
    `name` is its key in the stack file, for the commands that errors suggest.
    """

    base_url: str
    model: str
    engine: str
    token: str | None = field(default=None, repr=False)
    container_id: str | None = None
    public_url: str | None = None
    name: str = "<llm>"

    @property
    def hosted(self) -> bool:
        return self.engine == "hosted"

    @property
    def agent_url(self) -> str:
        return self.public_url or self.base_url
