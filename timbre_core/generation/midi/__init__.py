"""Pieces of music: MIDI files read, and performed with a space's sounds."""
