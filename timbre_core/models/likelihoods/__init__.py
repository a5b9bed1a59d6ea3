"""A file for each kind of likelihood: its settings and its network. See `models.contracts.LikelihoodSettings`."""
