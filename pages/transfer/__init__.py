"""Transfer: a note, or one's own recording, in another timbre."""
