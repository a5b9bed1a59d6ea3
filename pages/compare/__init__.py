"""Compare: any checkpoints side by side."""
