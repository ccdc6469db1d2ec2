"""What a plugin's model of settings expects at each place of its table, read from the annotations."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import is_dataclass
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, is_typeddict

from pydantic import BaseModel, SecretBytes, SecretStr

Shapes = Sequence[Any]
"""The types that a place allows, those of a union each by itself; empty where nothing is expected there."""


def shapes_of(annotation: Any) -> list[Any]:  # noqa: ANN401  (a type expression)
    """What an annotation allows."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return shapes_of(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return [shape for each in get_args(annotation) for shape in shapes_of(each)]
    return [annotation]


def inside(shapes: Shapes, step: str) -> list[Any]:
    """What is expected at a key, or in a list, of something that has one of these shapes."""
    return [shape for each in shapes for shape in _inside(each, step)]


def keys_of(shapes: Shapes) -> list[str]:
    """The keys that the models among these shapes read, by the names under which they stand in a table."""
    return [key for each in shapes if _is_model(each) for key in _keys(each)]


def takes_table(shapes: Shapes) -> bool:
    """Whether a table may stand here as it is, so that it is no reference to a value elsewhere."""
    return any(map(_takes_table, shapes))


def is_secret(shapes: Shapes) -> bool:
    """Whether a secret is expected here, or a list of them."""
    return any(
        _is_kind(each, (SecretStr, SecretBytes)) or (_is_list(each) and is_secret(_inside(each, ""))) for each in shapes
    )


def holds_secret(shapes: Shapes, seen: frozenset[Any] = frozenset()) -> bool:
    """Whether a secret is expected here or anywhere inside."""
    for each in shapes:
        if is_secret([each]):
            return True
        if each in seen:
            continue
        fields = [annotation for _, annotation in _fields(each)] if _is_model(each) else list(get_args(each))
        if any(holds_secret(shapes_of(annotation), seen | {each}) for annotation in fields):
            return True
    return False


def _takes_table(shape: Any) -> bool:  # noqa: ANN401  (a type expression)
    is_table = _is_kind(get_origin(shape) or shape, (BaseModel, Mapping))
    return is_table or shape is Any or is_typeddict(shape) or is_dataclass(shape)


def _inside(shape: Any, step: str) -> list[Any]:  # noqa: ANN401  (a type expression)
    if _is_model(shape):
        return [found for key, annotation in _fields(shape) if key == step for found in shapes_of(annotation)]
    arguments = get_args(shape)
    if _is_list(shape) and arguments:
        return shapes_of(arguments[0])
    if _is_kind(get_origin(shape), (Mapping,)) and len(arguments) > 1:
        return shapes_of(arguments[1])
    return []


def _keys(model: type[BaseModel]) -> Iterable[str]:
    for field, info in model.model_fields.items():
        alias = info.validation_alias
        yield alias if isinstance(alias, str) else field


def _fields(model: type[BaseModel]) -> Iterable[tuple[str, Any]]:
    for field, info in model.model_fields.items():
        yield field, info.annotation
        if isinstance(info.validation_alias, str) and info.validation_alias != field:
            yield info.validation_alias, info.annotation


def _is_model(shape: Any) -> bool:  # noqa: ANN401
    return _is_kind(shape, (BaseModel,))


def _is_list(shape: Any) -> bool:  # noqa: ANN401
    return _is_kind(get_origin(shape), (Sequence, AbstractSet))


def _is_kind(shape: Any, kinds: tuple[type, ...]) -> bool:  # noqa: ANN401
    return isinstance(shape, type) and issubclass(shape, kinds)
