"""The door of a self-hosted LLM: a proxy with TLS, a token and limits, and a relay that knows which engine is live."""
