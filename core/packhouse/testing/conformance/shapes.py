"""Whether a value is what the contract says: its types, money of decimals, times in UTC."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from packhouse import sdk
from packhouse.hooks.specifications import specifications
from packhouse.sdk import InvalidValue, Money
from packhouse.testing.conformance.subject import Operation

MONEY, TIME, SHAPE = "money", "time", "shape"


@dataclass(frozen=True, slots=True)
class Wrong:
    """Something in a value that is not as it should be: `about` money, time or shape."""

    about: str
    text: str


def answer_of(operation: Operation) -> Any:  # noqa: ANN401  (an annotation)
    """What an operation gives: as it says, or as the SDK says of a hook or a method; Any where nobody does."""
    if operation.gives is not None:
        return operation.gives
    if operation.name in specifications():
        return get_type_hints(specifications()[operation.name].function).get("return", Any)
    for name in sdk.__all__:
        protocol = getattr(sdk, name)
        if getattr(protocol, "_is_protocol", False) and operation.name in vars(protocol):
            return get_type_hints(vars(protocol)[operation.name]).get("return", Any)
    return Any


def wrongs(value: Any, annotation: Any = Any, path: str = "") -> Iterator[Wrong]:  # noqa: ANN401  (any value)
    """What is wrong in a value and everything in it."""
    if not _fits(value, annotation):
        yield Wrong(SHAPE, f"{path or 'the answer'} is {type(value).__name__}, expected {_name(annotation)}")
        return
    if isinstance(value, Money):
        yield from _money(value, path)
    elif isinstance(value, datetime):
        if value.tzinfo is None or value.utcoffset() != timedelta(0):
            yield Wrong(TIME, f"{path or 'the answer'} is {value.isoformat()}, which is not in UTC")
    else:
        for inner, expected, place in _parts(value, annotation, path):
            yield from wrongs(inner, expected, place)


def _parts(value: Any, annotation: Any, path: str) -> Iterator[tuple[Any, Any, str]]:  # noqa: ANN401  (any value)
    """(a part of a value, its annotation, where it is)."""
    if is_dataclass(value) and not isinstance(value, type):
        hints = get_type_hints(type(value))
        for each in fields(value):
            yield getattr(value, each.name), hints.get(each.name, Any), f"{path or type(value).__name__}.{each.name}"
    elif isinstance(value, Mapping):
        inside = _inside(annotation, value, 2)[-1]
        for key, inner in value.items():
            yield inner, inside, f"{path}[{key!r}]"
    elif isinstance(value, list | tuple):
        kinds = _inside(annotation, value, 1)
        is_fixed = len(kinds) == len(value) and _is_fixed(annotation, value)
        for place, inner in enumerate(value):
            yield inner, kinds[place if is_fixed else 0], f"{path}[{place}]"


def _money(value: Money, path: str) -> Iterator[Wrong]:
    if type(value.amount) is not Decimal:
        yield Wrong(
            MONEY, f"{path or 'the answer'} has an amount of type {type(value.amount).__name__}, expected Decimal"
        )
        return
    try:
        sound = Money.of(value.amount, value.currency)
    except InvalidValue as error:
        yield Wrong(MONEY, f"{path or 'the answer'}: {error}")
    else:
        if sound.amount != value.amount:
            yield Wrong(MONEY, f"{path or 'the answer'} is {value}, which {value.currency} cannot express")


def _fits(value: object, annotation: Any) -> bool:  # noqa: ANN401  (an annotation)
    if (
        annotation is Any
        or isinstance(annotation, str)
        or (hasattr(annotation, "__parameters__") and not get_args(annotation))
    ):
        return True
    origin = get_origin(annotation)
    if origin in (Union, UnionType):
        return any(_fits(value, each) for each in get_args(annotation))
    expected = origin or annotation
    if expected is NoneType or expected is None:
        return value is None
    if not isinstance(expected, type):
        return True
    if expected in (int, float) and isinstance(value, bool):
        return False
    if expected is float and isinstance(value, int):
        return True
    # a time is checked as a time, and an amount as an amount
    return isinstance(value, expected) or (getattr(expected, "_is_protocol", False) and not _checkable(expected))


def _checkable(protocol: type) -> bool:
    return bool(getattr(protocol, "_is_runtime_protocol", False))


def _inside(annotation: Any, value: object, count: int) -> Sequence[Any]:  # noqa: ANN401  (an annotation)
    """The annotations of what a container holds."""
    for each in _alternatives(annotation):
        origin = get_origin(each)
        if isinstance(origin, type) and isinstance(value, origin) and get_args(each):
            return [inner for inner in get_args(each) if inner is not ...]
    return [Any] * count


def _is_fixed(annotation: Any, value: object) -> bool:  # noqa: ANN401  (an annotation)
    """Whether it is a tuple with a type for each place."""
    return isinstance(value, tuple) and any(
        get_origin(each) is tuple and ... not in get_args(each) for each in _alternatives(annotation)
    )


def _alternatives(annotation: Any) -> Sequence[Any]:  # noqa: ANN401  (an annotation)
    return get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)


def _name(annotation: Any) -> str:  # noqa: ANN401  (an annotation)
    from packhouse.hooks.surface import short  # noqa: PLC0415  (for a message only)

    return short(annotation)
