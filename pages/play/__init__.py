"""Play: a checkpoint as an instrument."""
