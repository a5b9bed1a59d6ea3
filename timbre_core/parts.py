"""Parts that a recipe chooses by their `kind`: each is one file that holds its settings and what they make.

A file that is laid beside the others of its folder is found there; nothing else names it.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import Annotated, Any, TypeVar, Union, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

Settings = TypeVar("Settings", bound=BaseModel)


class Part(BaseModel):
    """Base of everything that stands in a recipe: immutable, no unknown keys, numbers finite and none of them `true`."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _no_truth_for_a_number(cls, values: Any) -> Any:
        fields = cls.model_fields
        for name, value in values.items() if isinstance(values, dict) else ():
            types = _types_in(fields[name].annotation) if name in fields and _holds_truth(value) else set()
            if types & {int, float} and bool not in types:
                error = PydanticCustomError("number", "input should be a number")
                raise ValidationError.from_exception_data(
                    cls.__name__, [InitErrorDetails(type=error, loc=(name,), input=value)]
                )
        return values


def _types_in(annotation: Any) -> set[Any]:
    """Every type that an annotation names."""
    return {annotation}.union(*map(_types_in, get_args(annotation)))


def _holds_truth(value: Any) -> bool:
    return isinstance(value, bool) or (isinstance(value, list | tuple) and any(map(_holds_truth, value)))


def kind_or(default: str) -> BeforeValidator:
    """For a part of several kinds: one that names none is of kind `default`, as recipes were written when it had no others."""

    def named(value: Any) -> Any:
        return {"kind": default, **value} if isinstance(value, dict) else value

    return BeforeValidator(named)


def kinds_in(package: str, base: type[Settings]) -> dict[str, type[Settings]]:
    """The settings below `base`, by their `kind`, that the modules of a package hold, in the order of the modules' names.

    Raises TypeError for two of one kind: a mistake of whoever wrote the second.
    """
    found: dict[str, type[Settings]] = {}
    folder = importlib.import_module(package)
    for name in sorted(module.name for module in pkgutil.iter_modules(folder.__path__)):
        module = importlib.import_module(f"{package}.{name}")
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, base) and value.__module__ == module.__name__:
                kind = value.model_fields["kind"].default if "kind" in value.model_fields else None
                if isinstance(kind, str) and found.setdefault(kind, value) is not value:
                    raise TypeError(f"{module.__name__}: kind {kind!r} is taken by {found[kind].__module__}")
    return found


def one_of(
    package: str, base: type[Settings], default: str | None = None, more: tuple[type[Settings], ...] = ()
) -> Any:
    """The type of a recipe's field that holds one of the kinds in a package; without its `kind` it is of kind `default`."""
    kinds: Any = Union[(*kinds_in(package, base).values(), *more)]
    chosen: Any = Annotated[kinds, Field(discriminator="kind")]
    return chosen if default is None else Annotated[chosen, kind_or(default)]
