"""Recipes: YAML files that name everything about one system, and the schema that reads them."""
