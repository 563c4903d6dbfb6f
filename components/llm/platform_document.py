"""What a stack says about an LLM that TruGen serves itself."""

import re
from typing import Annotated, Literal

from components.llm.declared import Declared, ModelId, spelled

_PLATFORM_PROVIDER = re.compile(r"(?!custom$)[A-Za-z0-9][\w.:/@+-]{0,199}")


class TrugenLlm(Declared):
    """As agents made in TruGen's dashboard use it: nothing to deploy or to prove."""

    engine: Literal["trugen"]
    provider: Annotated[
        str,
        spelled(_PLATFORM_PROVIDER, "write the provider as TruGen lists it, like 'groq'; `custom` is `engine: hosted`"),
    ]
    model: ModelId
