"""What stands between an engine and everybody else: who is let in, and which of two engines answers."""
