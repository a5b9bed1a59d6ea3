"""Morph: sounds between notes."""
