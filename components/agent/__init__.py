"""
The TruGen agent as a Pulumi resource.

- `document.py` what a user declares · `parts.py` its objects · `text.py` what a value may look like
- `places.py` where each field stands on the wire · `body.py` inputs to API document and back
- `adopted.py` an agent made elsewhere as an entry of a stack file · `spelling.py`, `trugen_defaults.py` what it needs
- `lifecycle.py` the verbs, without Pulumi · `identity.py` whose agent is it
- `provider.py`, `verified.py` dynamic providers (their paths are state format) · `resource.py` what a program uses
"""
