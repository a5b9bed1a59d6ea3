"""Training: objective, schedules, batches, resumable state, distribution, and the loop that uses them."""
