"""What a stack file may say: its shape, its rules across sections, and how its mistakes are told."""
