"""A file for each kind of features: see `features.contract.FeatureSettings`."""
