"""
What agents refer to, as Pulumi resources: knowledge bases, tools, MCP servers, guardrails, and templates of agents.

- `tool.py`, `mcp_server.py`, `guardrail.py`, `template.py`, `knowledge_base.py` what a user declares, and the kind
- `document.py` what they have in common · `text.py`, `json_schema.py` what values may look like
- `documents.py`, `files.py` the contents of a knowledge base
- `provider.py` dynamic providers (their paths are state format) · `resource.py` what a program uses
"""
