"""
What a stack is made of.

`settings` reads the stack file; `llm` runs, fills and proves endpoints; `agent` keeps TruGen agents; `trugen` speaks
HTTP to TruGen; `sandbox` stands in for TruGen on this machine; `progress` writes into the rows of the Pulumi CLI.
`urls` says what a URL may look like, `redaction` keeps secrets out of what others said.
"""
