"""
What a stack is made of.

`settings` reads the stack file; `llm` runs, fills and proves endpoints; `agent` and `attachments` say what TruGen's
objects are, `lifecycle` keeps them, `provider` hands them to Pulumi; `trugen` speaks HTTP to TruGen; `live` asks it its
open questions; `sandbox` stands in for it on this machine; `progress` writes into the rows of the Pulumi CLI.
`urls` says what a URL may look like, `redaction` keeps secrets out of what others said.
"""
