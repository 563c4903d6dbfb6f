"""What a model registry says about a tag. Source: OCI distribution specification; registry.ollama.ai speaks it."""

import requests

from components.llm.model_name import ModelName

_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
_TIMEOUT_S = (2.0, 4.0)


class NoSuchModelError(Exception):
    """The registry answered that it has no such tag."""


def weights_bytes(model: ModelName, root: str | None = None) -> int | None:
    """
    Size of the layers of *model*; None when the registry cannot be asked, since the pull may go another way.

    Args:
        model: what is looked for.
        root: of the registry's API, when it is not at `https://<host of the model>`.

    Raises:
        NoSuchModelError: naming the tag and where to look for one.
    """
    try:
        answer = requests.get(
            f"{root or f'https://{model.host}'}{model.manifest_path}", headers={"Accept": _MANIFEST}, timeout=_TIMEOUT_S
        )
    except requests.RequestException:
        return None
    if answer.status_code == requests.codes.not_found:
        raise NoSuchModelError(
            f"{model.host} has no '{model.model}:{model.tag}' in '{model.namespace}'."
            " Look the tag up at https://ollama.com/library"
        )
    try:
        return sum(int(layer["size"]) for layer in answer.json()["layers"])
    except (ValueError, KeyError, TypeError):
        return None
