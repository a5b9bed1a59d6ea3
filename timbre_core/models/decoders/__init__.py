"""A file for each kind of decoder: its settings and its network. See `models.contracts.DecoderSettings`."""
