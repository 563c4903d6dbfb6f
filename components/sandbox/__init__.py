"""
The TruGen API served on this machine from SQLite: the stand-in for api.trugen.ai where there is no account.

It shares no model with `components.trugen` or `components.agent`, so a wrong field cannot agree with itself; both sides
answer to docs/contract/trugen-openapi.yaml. Where the contract leaves a question open a switch of behaviour.py answers
it, or the answer chosen here is written beside the code that gives it.

    __main__.py          `python -m components.sandbox`
    app.py               routes, credential check, the shell around every call
    calls.py             one call as the handlers see it, and the refusals they raise
    agents.py            agent verbs            agent_models.py   agent bodies with their defaults
    agent_writes.py      from a body to what is stored
    placement.py         nested or flat llm, stt, tts; what a read hides
    behaviour.py         one switch per open question of the API
    lag.py               reads that lag behind writes
    pace.py              latency and rate limit
    attachments.py       tools, MCP records, guardrails
    collection.py        verbs that all kinds of objects have in common
    knowledge_bases.py   knowledge bases and their documents
    multipart.py         forms
    templates.py         templates, agents made from them
    catalog.py           stock avatars, custom avatars, providers, conversations
    say.py               POST /sandbox/agents/{id}/say, the one call that TruGen does not have
    store.py             SQLite
    listener.py          the socket
    data_dir.py          key, lock and process record beside the database
    place.py             where a stack's data dir is
    supervisor.py        start and stop the process
    process.py           Pulumi dynamic provider that keeps the process running   [its path is state format]
    resource.py          TrugenSandbox
"""
