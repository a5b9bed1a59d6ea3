"""Explore: the map of a checkpoint's notes, and the chosen note to hear and see."""
