"""Commands of `python -m components`: what a person types around `pulumi up`."""
