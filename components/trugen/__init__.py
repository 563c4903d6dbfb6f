"""Client of the TruGen REST API: no Pulumi, no knowledge of what an agent's fields mean."""
