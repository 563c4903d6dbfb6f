"""
How any object of a TruGen workspace is kept: dict in, dict out, no Pulumi and no knowledge of what the object is for.

- `kind.py` what tells one kind from another, and the pure questions about its inputs and documents
- `place.py` where an input stands · `values.py` when two values are the same · `checks.py` what is wrong with inputs
- `drift.py` declared, recorded, remote · `identity.py` the marker · `own.py` which objects carry it
- `verbs.py` create, read, update, delete · `creation.py` exactly one · `read_back.py` did it take effect
- `roster.py` what the workspace holds, listed once for many
"""
