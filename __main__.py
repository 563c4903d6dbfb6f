"""One stack: settings -> preflight -> TruGen account -> proven endpoints, attachments -> agents -> outputs."""

import pulumi

from components import protection
from components import settings as stack_file
from components.account import AccountError, TrugenAccount
from components.account import check as check_account
from components.agent import fleet
from components.agent.resource import TrugenAgent, TrugenAgentArgs
from components.attached import Attachments
from components.llm import preflight
from components.llm.document import SelfHosted, TrugenLlm
from components.llm.endpoint import LlmEndpoint
from components.llm.gateway import authority
from components.llm.llm_secrets import engine_files
from components.llm.platform_model import PlatformModel
from components.stack.needs import needs_of
from components.stack.problems import SettingsError

try:
    settings = stack_file.load()
    protection.check(settings)
    secrets = {name: settings.secrets_of(name) for name in settings.llms}
    files = {
        name: engine_files(llm, secrets[name]) for name, llm in settings.llms.items() if isinstance(llm, SelfHosted)
    }
    choices = preflight.check(settings.project, settings.stack, settings.llms, files)
    check_account(settings)
except (SettingsError, protection.ProtectionError, preflight.PreflightError, AccountError) as error:
    raise pulumi.RunError(str(error)) from None

# Explicit, because the default provider would store the whole stack config, prompts included, in plain text.
local = pulumi.ProviderResource("pulumi-python", "local", {})
account = TrugenAccount(settings, local, authority.folder_for(settings.llms))
endpoints = {
    name: PlatformModel(llm)
    if isinstance(llm, TrugenLlm)
    else LlmEndpoint(
        name,
        llm,
        secrets[name],
        needs_of(agent for agent in settings.agents.values() if agent.llm == name),
        choices,
        pulumi.ResourceOptions(provider=local),
    )
    for name, llm in settings.llms.items()
}
attachments = Attachments(settings, account.provider, local)

fleet.hush_sdk(len(settings.agents))
agents = {}
for name, document in settings.agents.items():
    llm = endpoints[document.llm]
    args = TrugenAgentArgs(document, llm.model, llm.agent_url, llm.token, llm.provider, attachments.ids_for(document))
    opts = pulumi.ResourceOptions(
        provider=account.provider,
        protect=settings.protects(document) or None,
        retain_on_delete=document.retain or None,
    )
    agents[name] = TrugenAgent(name, args, opts)
fleet.verify(agents, few=local, many=account.provider)
for endpoint in endpoints.values():
    # All agents: one that moves to another LLM in this run uses the former token, model and engine until it has.
    endpoint.retire_former(after=list(agents.values()))

for name, value in account.outputs.items():
    pulumi.export(name, value)
pulumi.export("llms", {name: endpoint.outputs for name, endpoint in endpoints.items()})
pulumi.export(
    "agents",
    {
        name: {"id": agent.id, "status": agent.status, **account.link(agent.id, agent.embed_url)}
        for name, agent in agents.items()
    },
)
if attachments.outputs:
    pulumi.export("attachments", attachments.outputs)
# The three fields of TruGen's Developer Studio form, for each agent that talks through an endpoint outside of TruGen.
forms = {name: endpoints[agent.llm].form for name, agent in settings.agents.items()}
pulumi.export("developer_studio", {name: form for name, form in forms.items() if form is not None})

pulumi.run(fleet.under_way)
