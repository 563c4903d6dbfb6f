"""
The TruGen agent as a Pulumi resource.

- `document.py` what a user declares · `parts.py` its objects · `text.py` what a value may look like
- `places.py` where each field stands on the wire · `kind.py` what tells an agent from other objects
- `inputs.py` what the resource takes · `drift_policy.py` what becomes of edits made elsewhere
- `adopted.py` an agent made elsewhere as an entry of a stack file · `spelling.py`, `trugen_defaults.py` what it needs
- `lifecycle.py` the verbs, without Pulumi · `fleet.py` all agents of a stack
- `provider.py`, `verified.py` dynamic providers (their paths are state format) · `resource.py` what a program uses
"""
