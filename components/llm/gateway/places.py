"""Where the gateway's container finds what it reads, and what is called how there."""

PLACE = "/run/trugen-llm"
CADDYFILE, CERTIFICATE, KEY = "Caddyfile", "certificate.pem", "key.pem"
TOKEN, PREVIOUS_TOKEN, PRIVATE_TOKEN = "token", "previous-token", "private-token"
ROUTES = "routes.json"
