"""LLM servers: what serves the model, and the proof that its stream works."""
