"""Phase `vision`: one small picture, inline, as an agent that sees will send it."""

from components.llm.gate.chat_requests import with_image
from components.llm.gate.checks import SAMPLE_CHARS, Check
from components.llm.gate.probe import Probe

VISION_NEXT_STEP = "Choose a model that reads images: `pulumi config set --path llms.<llm>.model <name>`."


def vision(probe: Probe) -> None:
    """
    What the model sees is not judged: small ones err, and TruGen asks for no colours.

    Raises:
        NotReady: the image was refused, or nothing was said of it.
    """
    probe.wait.enter("vision", probe.target.base_url)
    text = " ".join(probe.until_streamed(with_image(probe.target.model), check_id="O18").text.split())
    check = (
        Check("O18", "pass", text[:SAMPLE_CHARS]) if text else Check("O18", "fail", "the answer to an image was empty")
    )
    probe.keep(check, next_step=VISION_NEXT_STEP)
