"""From frames back to audio: `any_kind.invert` and `any_kind.stream` do so for every kind of features."""
