"""/ext/template and /ext/agentbytemplate (docs/contract). A template is copied, not inherited from."""

from typing import Annotated

from pydantic import Field, model_validator
from starlette.responses import Response

from components.sandbox import agents
from components.sandbox.agent_models import AgentUpdate, CallbackEvent, NotEmpty, Ref, Seconds
from components.sandbox.attachments import GUARDRAILS
from components.sandbox.calls import Call, Integer, Wire, bad_request
from components.sandbox.collection import Collection, ack
from components.sandbox.store import Json, Stored


class TemplateConfig(Wire):
    max_call_duration: Seconds = Field(300, alias="maxCallDuration")
    conversational_context: str = Field("", alias="conversationalContext")
    timeout: Integer = 300
    system_prompt: str = Field("", alias="systemPrompt")


class TemplateWrite(Wire):
    template_name: str = ""
    template_system_prompt: str = ""
    config: TemplateConfig = TemplateConfig()
    knowledge_base: list[Ref] | None = Field([])
    guardrail: list[Ref] | None = Field([])
    record: bool = True
    is_active: bool = True
    callback_url: str = ""
    callback_events: list[CallbackEvent] = Field([])


class AgentFromTemplate(Wire):
    template_id: NotEmpty
    avatar_ids: Annotated[list[str], Field(min_length=1)] = Field([])
    avatar_key_id: str = ""
    email: str = ""
    context_override: str = ""

    @model_validator(mode="after")
    def _has_avatar(self) -> "AgentFromTemplate":
        if not {"avatar_ids", "avatar_key_id"} & self.model_fields_set:
            raise ValueError("avatar_ids or avatar_key_id required")
        return self


def create(call: Call) -> Response:
    document = call.parse(TemplateWrite).model_dump(by_alias=True)
    stored = call.store.add("template", document["template_name"], document)
    return ack(stored.id, "Template created successfully", status=201)


def replace(call: Call) -> Response:
    """Full replace, as for agents; full or partial is not documented."""
    document = call.parse(TemplateWrite).model_dump(by_alias=True)
    return TEMPLATES.update(call, lambda _: document)


def create_agent(call: Call) -> Response:
    """Copy the template into an ordinary agent. An unknown template is a 400: the contract has no 404 for this call."""
    wanted = call.parse(AgentFromTemplate)
    template = call.store.find("template", wanted.template_id)
    if template is None:
        raise bad_request("template_id is not the id of a template")
    body = call.checked(AgentUpdate, _agent_body(template.document, wanted))
    return ack(agents.add(call, body), "Agent created successfully")


def _agent_body(template: Json, wanted: AgentFromTemplate) -> Json:
    config = template["config"]
    avatar_ids = wanted.avatar_ids or [wanted.avatar_key_id]
    prompts = [template["template_system_prompt"], wanted.context_override]
    same = ("knowledge_base", "guardrail", "record", "is_active", "callback_url", "callback_events")
    return {
        **{key: template[key] for key in same},
        "agent_name": template["template_name"] or "from template",
        "agent_system_prompt": "\n".join(filter(None, prompts)),
        "config": {key: max(config[key], 0) if key == "timeout" else config[key] for key in config},
        "avatars": [{"avatar_key_id": id_} if id_ else {} for id_ in avatar_ids],
        "email": wanted.email,
    }


def _shown(call: Call, stored: Stored) -> Json:
    document = stored.document
    found = [(ref, call.store.find(GUARDRAILS.kind, ref["id"])) for ref in document["guardrail"] or []]
    guardrails = [{"id": ref["id"], **(known.document if known else {})} for ref, known in found]
    return {"id": stored.id, **document, "guardrail": guardrails or None, **stored.timestamps()}


TEMPLATES = Collection("template", "Template", "Template not found", "template_name", _shown)
