"""A file for each kind of backbone: its settings and its network. See `models.contracts.BackboneSettings`."""
