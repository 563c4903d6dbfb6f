"""Where the gateway's container finds what it reads, and what is called how there."""

PLACE = "/run/trugen-llm"
CADDYFILE, CERTIFICATE, KEY = "Caddyfile", "certificate.pem", "key.pem"
TOKEN, PREVIOUS_TOKEN, OLDER_TOKEN, PRIVATE_TOKEN = "token", "previous-token", "older-token", "private-token"
ENGINE_KEY = "engine-key"
"""What the gateway shows to an engine; one that demands no key does not look at it."""
FORMER_TOKENS = (PREVIOUS_TOKEN, OLDER_TOKEN)
"""Let their holders in until all agents have moved."""
ROUTES, NEXT_ROUTES = "routes.json", "next-routes.json"
"""The same twice. Files are put in the order of their names, so that one of them is whole at every moment."""
