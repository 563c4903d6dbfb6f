"""One stack: settings -> preflight -> TruGen account -> proven endpoints, attachments -> agents -> outputs."""

import pulumi

from components import settings as stack_file
from components.account import AccountError, TrugenAccount
from components.account import check as check_account
from components.agent.fleet import Fleet
from components.agent.resource import TrugenAgent, TrugenAgentArgs
from components.attached import Attachments
from components.llm import preflight
from components.llm.endpoint import LlmEndpoint
from components.stack.problems import SettingsError

try:
    settings = stack_file.load()
    preflight.check(settings.project, settings.stack, settings.llms)
    check_account(settings)
except (SettingsError, preflight.PreflightError, AccountError) as error:
    raise pulumi.RunError(str(error)) from None

# Explicit, because the default provider would store the whole stack config, prompts included, in plain text.
local = pulumi.ProviderResource("pulumi-python", "local", {})
account = TrugenAccount(settings, local)
endpoints = {
    name: LlmEndpoint(name, llm, settings.token_of(name), pulumi.ResourceOptions(provider=local))
    for name, llm in settings.llms.items()
}
attachments = Attachments(settings, account.provider, local)


def agent(name: str) -> TrugenAgent:
    document = settings.agents[name]
    llm = endpoints[document.llm]
    ids = attachments.ids_for(document)
    args = TrugenAgentArgs(document, llm_url=llm.agent_url, llm_model=llm.model, llm_token=llm.token, attached=ids)
    return TrugenAgent(name, args, pulumi.ResourceOptions(provider=account.provider))


fleet = Fleet(list(settings.agents), agent, local)
for name, endpoint in endpoints.items():
    users = [user for user, used in settings.agents.items() if used.llm == name]
    endpoint.remove_unused_models(after=fleet.resources(users))

for name, value in account.outputs.items():
    pulumi.export(name, value)
pulumi.export("llms", {name: endpoint.outputs for name, endpoint in endpoints.items()})
pulumi.export(
    "agents",
    fleet.summaries(lambda one: {"id": one.id, "status": one.status, **account.link(one.id, one.embed_url)}),
)
if attachments.outputs:
    pulumi.export("attachments", attachments.outputs)
# The three fields of TruGen's Developer Studio form, for each agent.
pulumi.export("developer_studio", {name: endpoints[agent.llm].form for name, agent in settings.agents.items()})
