"""A file for each kind of condition: its settings and its network. See `models.contracts.ConditionSettings`."""
