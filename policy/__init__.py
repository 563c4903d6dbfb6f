"""
What a stack is held to, as a Pulumi policy pack: decisions on (type, properties) here, Pulumi at the edge only.

Nothing of `components` is imported: a rule that shares code with what it judges would share its faults, too. What must
be known of the product (names of types, a port, a variable) is written again, and tests/policy compares the two.
"""
