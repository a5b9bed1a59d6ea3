"""Yardsticks that a listener would accept: plain functions over any audio and any embedding, not only over checkpoints."""
