"""What is published of a self-hosted engine: a door with TLS and tokens, and the relay behind it."""
