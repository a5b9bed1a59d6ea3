"""A file for each kind of prior: its settings and its network. See `models.contracts.PriorSettings`."""
