"""Training: runs that are under way or done."""
