"""Find, read and change recipes."""

from __future__ import annotations

import difflib
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from timbre_core.errors import TimbreError, os_errors
from timbre_core.recipes.schema import Recipe

_DEEPEST = 50  # sections within sections

_FOLDER = Path(__file__).parent
_BASE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # LibYAML reads ten times as fast, where it is


class _Loader(_BASE):
    """Refuses a key that occurs twice, of which YAML would take the last without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> Any:
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue  # told by what follows
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key.value} occurs twice", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def list_recipes() -> list[str]:
    """Names of the recipes that come with the project.

    Returns
    -------
    list of str

    Examples
    --------
    >>> from timbre_core import list_recipes
    >>> "nsynth-cvae" in list_recipes()
    True
    """
    return sorted(path.stem for path in _FOLDER.glob("*.yaml"))


def load_recipe(name_or_path: str | Path, overrides: list[str] | None = None) -> Recipe:
    """A recipe by name or from a YAML file, with changes.

    Parameters
    ----------
    name_or_path : str or Path
        One of `list_recipes`, or a file that ends in .yaml.
    overrides : list of str, optional
        Changes such as `training.epochs=3` (values are YAML).

    Returns
    -------
    Recipe

    Raises
    ------
    TimbreError
        The file and the field that are wrong, and what was perhaps meant.

    Examples
    --------
    >>> from timbre_core import load_recipe
    >>> load_recipe("nsynth-cvae", ["model.latent_dim=16"]).model.latent_dim
    16
    """
    path = Path(name_or_path).expanduser()
    if path.suffix not in (".yaml", ".yml"):
        name = str(name_or_path)
        if name not in list_recipes():
            near = difflib.get_close_matches(name, list_recipes(), n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known recipes: {', '.join(list_recipes())}."
            raise TimbreError(f"no recipe {name!r}: {hint} A recipe file of your own ends in .yaml.")
        path = _FOLDER / f"{name}.yaml"
    tree = _read_yaml(path)
    for override in overrides or []:
        _apply(tree, override)
    return parse_recipe(tree, f"{path.name} with --set {' '.join(overrides)}" if overrides else str(path))


def parse_recipe(tree: Any, where: str) -> Recipe:
    """Validate a tree of plain values; `where` names it in errors."""
    if not isinstance(tree, dict):
        raise TimbreError(f"{where}: a recipe is a mapping of keys to values (name: ..., features: ...).")
    try:
        return Recipe.model_validate(tree)
    except ValidationError as error:
        raise TimbreError(f"{where}: {_first_problem(error)}") from error


def recipe_to_yaml(recipe: Recipe) -> str:
    """The recipe with all defaults written out, but for parts that its task does not have."""
    unused = None if recipe.makes_a_space else {"model", "objective", "inversion"}
    return yaml.safe_dump(
        recipe.model_dump(mode="json", exclude=unused), sort_keys=False, allow_unicode=True, width=110
    )


def read_recipe(path: Path) -> Recipe:
    """Read a recipe file written by `recipe_to_yaml`; once, as long as it stays the same file."""
    with os_errors(path):
        status = path.stat()
    return _read_once(path, status.st_ino, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=256)
def _read_once(path: Path, *_changed: int) -> Recipe:
    return parse_recipe(_read_yaml(path), str(path))


def _read_yaml(path: Path) -> Any:
    try:
        with os_errors(path):
            return _parsed(path.read_text(encoding="utf-8"), _Loader)
    except UnicodeDecodeError as error:
        raise TimbreError(f"{path}: not a text file: a recipe in YAML was expected.") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" at line {mark.line + 1}" if mark else ""
        raise TimbreError(
            f"{path}: not valid YAML{line} ({getattr(error, 'problem', error)}): mend that line."
        ) from error


def _parsed(text: str, loader: Any) -> Any:
    """What YAML says. Raises YAMLError for all that it cannot be read as: dates that are none, numbers without end."""
    depth = 0
    for event in yaml.parse(text, Loader=loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:  # long before the parser's own stack is used up
            mark: Any = event.start_mark
            raise yaml.MarkedYAMLError(problem=f"nested more than {_DEEPEST} deep", problem_mark=mark)
    try:
        return yaml.load(text, Loader=loader)
    except yaml.YAMLError:
        raise
    except Exception as error:  # of values that look like a date, or are tagged as what they are not
        raise yaml.YAMLError(f"a value cannot be read: {str(error)[:80]}") from error


def _apply(tree: Any, override: str) -> None:
    key, equals, text = override.partition("=")
    if not equals or not all(key.split(".")):
        raise TimbreError(f"--set {override!r}: write section.key=value, such as training.epochs=3.")
    try:
        value = _parsed(text, yaml.SafeLoader)
    except yaml.YAMLError:
        value = text  # such as the file-name pattern {instrument}_{pitch}, which YAML takes for a broken mapping
    *sections, last = key.split(".")
    node = tree
    for section in sections:
        node = _child(node, section, override)
    if isinstance(node, list):
        node[_position(node, last, override)] = value
    elif isinstance(node, dict):
        node[last] = value
    else:
        raise TimbreError(f"--set {override!r}: {'.'.join(sections)} is a single value, not a section.")


def _child(node: Any, section: str, override: str) -> Any:
    if isinstance(node, list):
        return node[_position(node, section, override)]
    if isinstance(node, dict):
        if node.get(section) is None:
            node[section] = {}
        return node[section]
    raise TimbreError(f"--set {override!r}: {section!r} does not name a section.")


def _position(node: list[Any], text: str, override: str) -> int:
    if not text.isdecimal() or int(text) >= len(node):
        raise TimbreError(f"--set {override!r}: {text!r} is not a position in a list of {len(node)} (counted from 0).")
    return int(text)


def _first_problem(error: ValidationError) -> str:
    # A misspelt key first: whatever is missing is often missing because of it.
    problems = sorted(error.errors(), key=lambda problem: problem["type"] != "extra_forbidden")
    problem = problems[0]
    names, _ = _walk(problem["loc"])
    field = ".".join(names) or "recipe"
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    if problem["type"] == "extra_forbidden":
        siblings = list(_walk(problem["loc"][:-1])[1].model_fields)
        near = difflib.get_close_matches(str(problem["loc"][-1]), siblings, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(siblings)}."
        return f"unknown key {field!r}: {hint}{more}"
    if problem["type"] == "union_tag_not_found":
        return f"{field}.kind: is missing: say which kind of {field} it is.{more}"
    if problem["type"] == "union_tag_invalid":
        context = problem["ctx"]
        return f"{field}.kind: {context['tag']!r} is none of {context['expected_tags']}.{more}"
    message = problem["msg"].removeprefix("Value error, ")
    given = problem.get("input")
    shown = f", got {given!r}" if isinstance(given, str | int | float | bool) or given is None else ""
    return f"{field}: {message[0].lower()}{message[1:]}{shown}.{more}"


def _walk(location: tuple[Any, ...]) -> tuple[list[str], type[BaseModel]]:
    """The names of a place in a recipe as its author knows them, and the recipe part that it is or lies in.

    Where a part comes in several kinds, pydantic's places name the kind as a step of its own.
    """
    names: list[str] = []
    part: type[BaseModel] = Recipe
    kinds: list[type[BaseModel]] = []
    for step in location:
        chosen = next((kind for kind in kinds if kind.model_fields["kind"].default == step), None)
        if chosen is not None:
            part, kinds = chosen, []
            continue
        kinds = kinds if isinstance(step, int) else []  # a place in a list of parts: the kind comes after it
        names.append(str(step))
        if isinstance(step, str) and step in part.model_fields:
            found = _models_in(part.model_fields[step].annotation)
            part = found[0] if found else part
            kinds = found if len(found) > 1 else []
    return names, part


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in getattr(annotation, "__args__", ()) for model in _models_in(argument)]
