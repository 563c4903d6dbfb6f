"""The endpoint that has to become ready."""

from dataclasses import dataclass, field

from components.llm.gate.needs import Needs


def engine_root(base_url: str) -> str:
    """Where engines keep the routes of their own, beside `/v1`."""
    return base_url.removesuffix("/v1")


@dataclass(frozen=True)
class Target:
    """
    An endpoint as TruGen will call it. URLs are API roots without a slash at the end.

    `engine` is a name of `engines.py`, `hosted`, or anything else for a server nobody knows. `public_url` is what the
    agent will be given when it is not `base_url`, the URL probed from here. `container_id` is None when the container
    is not ours. `name` is its key in the stack file, for the commands that errors suggest. `auth_required` fails an
    endpoint that lets anybody in, and `gpu` one that answers from the CPU. `private_token` is what `base_url` expects
    when that is a door of its own. `is_candidate` says that its container is removed when it fails: nobody is then told
    to look at it.
    """

    base_url: str
    model: str
    engine: str
    token: str | None = field(default=None, repr=False)
    container_id: str | None = None
    public_url: str | None = None
    name: str = "<llm>"
    needs: Needs = field(default_factory=Needs)
    auth_required: bool = False
    gpu: bool = False
    private_token: str | None = field(default=None, repr=False)
    is_candidate: bool = False

    @property
    def base_token(self) -> str | None:
        """What a request to `base_url` has to show."""
        return self.private_token or self.token

    def token_at(self, base_url: str) -> str | None:
        """What a request to *base_url*, one of the two, has to show."""
        return self.base_token if base_url == self.base_url else self.token

    @property
    def hosted(self) -> bool:
        return self.engine == "hosted"

    @property
    def metered(self) -> bool:
        """Whether somebody charges for every completion; a LiteLLM of ours hands them on to a provider."""
        return self.engine in {"hosted", "litellm"}

    @property
    def agent_url(self) -> str:
        return self.public_url or self.base_url
