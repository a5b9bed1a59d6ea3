"""`python -m timbre_core recipes`: what can be trained."""

from __future__ import annotations

import argparse

from timbre_core.recipes.recipe_files import list_recipes, load_recipe, recipe_to_yaml

HELP = "list the recipes that come with the project, or show one with all its settings"
EXAMPLE = "python -m timbre_core recipes nsynth-cvae > mine.yaml"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("recipe", nargs="?", metavar="RECIPE", help="show this recipe (a name or a .yaml file)")


def run(args: argparse.Namespace) -> int:
    if args.recipe:
        print(recipe_to_yaml(load_recipe(args.recipe)), end="")
        return 0
    recipes = [load_recipe(name) for name in list_recipes()]
    width = max(len(recipe.name) for recipe in recipes)
    for recipe in recipes:
        print(f"{recipe.name:<{width}}  {recipe.title}")
    return 0
