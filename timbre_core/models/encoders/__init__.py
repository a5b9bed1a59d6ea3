"""A file for each kind of encoder: its settings and its network. See `models.contracts.EncoderSettings`."""
