"""What plugins can see of the SDK, read from the code: every public name with its shape, and every hook.

The text of it is pinned by a test; the reference for people is made from the same shapes.
"""

import dataclasses
import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, dataclass
from enum import Enum
from pathlib import Path
from typing import Any, get_type_hints

from packhouse import sdk
from packhouse.hooks.specifications import Specification, specifications
from packhouse.sdk.deprecation import MARK, Deprecation, SdkDeprecation
from packhouse.sdk.hookspecs import PROJECT

_MODULES = re.compile(r"\b(?:[A-Za-z_]\w*\.)+(?=[A-Za-z_])")
_FOLDER = str(Path(sdk.__file__).parent)
_HEADING = f"""# The public surface of packhouse.sdk, generated: packhouse docs sdk --surface > tests/sdk/surface.txt
# API versions accepted: {", ".join(sdk.ACCEPTED_API_VERSIONS)}
"""


@dataclass(frozen=True, slots=True)
class Shape:
    """A public name: what it is in one line, and its members in one line each."""

    name: str
    line: str
    members: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "\n".join([self.line, *(f"    {member}" for member in self.members)])


def sdk_surface() -> str:
    """The whole surface as text, names sorted, then hooks in the order of the contract."""
    names = [str(shape_of(name)) for name in sorted(sdk.__all__)]
    hooks = [hook_line(hook) for hook in specifications().values()]
    return "\n".join([_HEADING, *names, "", *hooks]) + "\n"


def shape_of(name: str) -> Shape:
    """The shape of a public name of the SDK."""
    thing = getattr(sdk, name)
    if inspect.isclass(thing):
        return _class(name, thing)
    if inspect.isfunction(thing):
        return Shape(name, _function(name, thing) + _fate(thing))
    if callable(thing) and hasattr(thing, "__args__"):
        return Shape(name, f"alias {name} = {short(thing)}")
    value = f" = {thing!r}" if isinstance(thing, str | int | tuple) else f": {type(thing).__name__}"
    return Shape(name, f"constant {name}{value}")


def hook_line(hook: Specification) -> str:
    """A hook with its phase, colour, arguments and answer."""
    colour = "async def" if hook.is_async else "def"
    fates = _hook_fates(hook.function)
    return f"hook {hook.phase}: {colour} {hook.name}{_signature(hook.function)}" + (f"  ({fates})" if fates else "")


def deprecations() -> Iterator[Deprecation]:
    """Everything in the SDK that is marked as going."""
    yield from (deprecation for _, deprecation in sdk.DEPRECATED_NAMES.values())
    for name in sdk.__all__:
        thing = getattr(sdk, name)
        for each in (thing, *(vars(thing).values() if inspect.isclass(thing) else ())):
            deprecation = getattr(each.fget if isinstance(each, property) else each, MARK, None)
            if isinstance(deprecation, Deprecation):
                yield deprecation
    for hook in specifications().values():
        yield from (warning.deprecation for warning in _hook_warnings(hook.function))


def short(annotation: object) -> str:
    """An annotation without the modules that its names live in."""
    if annotation is type(None):
        return "None"
    if isinstance(annotation, str):
        return annotation
    plain = annotation.__qualname__ if isinstance(annotation, type) and not hasattr(annotation, "__args__") else None
    return plain or _MODULES.sub("", repr(annotation).replace("NoneType", "None")).replace("~", "")


def _class(name: str, thing: type) -> Shape:
    bases = [base.__name__ for base in thing.__bases__ if base is not object and base.__name__ != "Protocol"]
    inherits = (f"({', '.join(bases)})" if bases else "") + _fate(thing)
    if issubclass(thing, Enum):
        return Shape(name, f"enum {name}{inherits}", tuple(f"{each.name} = {each.value!r}" for each in thing))
    members = (*_fields(thing), *_methods(thing))
    if getattr(thing, "_is_protocol", False):
        checkable = " (for isinstance)" if getattr(thing, "_is_runtime_protocol", False) else ""
        return Shape(name, f"protocol {name}{inherits}{checkable}", members)
    kind = "exception" if issubclass(thing, Exception) else "dataclass" if _is_dataclass(thing) else "class"
    return Shape(name, f"{kind} {name}{inherits}", members)


def _is_dataclass(thing: type) -> bool:
    return dataclasses.is_dataclass(thing)


def _fields(thing: type) -> Iterator[str]:
    if not dataclasses.is_dataclass(thing):
        return
    hints = get_type_hints(thing)
    for field in dataclasses.fields(thing):
        default = ""
        if field.default is not MISSING:
            default = f" = {field.default!r}"
        elif field.default_factory is not MISSING:
            default = f" = {field.default_factory()!r}"
        yield f"{field.name}: {short(hints[field.name])}{default}"


def _methods(thing: type) -> Iterator[str]:
    for name, member in vars(thing).items():
        if name == "__init__" and issubclass(thing, Exception):
            yield f"{name}{_signature(member)}"
        elif name.startswith("_") and not _is_written_operator(name, member):
            continue
        elif isinstance(member, property) and member.fget is not None:
            answer = inspect.signature(member.fget).return_annotation
            yield f"property {name}: {short(answer)}" + _fate(member.fget)
        elif isinstance(member, classmethod):
            yield f"classmethod {_function(name, member.__func__)}"
        elif inspect.isfunction(member):
            yield _function(name, member) + _fate(member)


def _is_written_operator(name: str, member: object) -> bool:
    """Whether it is an operator that the SDK wrote itself, such as the sum of two amounts."""
    written = inspect.isfunction(member) and member.__code__.co_filename.startswith(_FOLDER)
    return written and name.endswith("__") and name not in ("__post_init__", "__init__")


def _function(name: str, function: Callable[..., Any]) -> str:
    colour = "async def" if inspect.iscoroutinefunction(function) else "def"
    return f"{colour} {name}{_signature(function)}"


def _signature(function: Callable[..., Any]) -> str:
    signature = inspect.signature(function)
    parameters = [each for each in signature.parameters.values() if each.name not in ("self", "cls")]
    shown = [_parameter(each) for each in parameters]
    keyword_only = [each.kind is inspect.Parameter.KEYWORD_ONLY for each in parameters]
    takes_many = any(each.kind is inspect.Parameter.VAR_POSITIONAL for each in parameters)
    if any(keyword_only) and not takes_many:
        shown.insert(keyword_only.index(True), "*")
    answer = signature.return_annotation
    return f"({', '.join(shown)}) -> {'None' if answer is None else short(answer)}"


def _parameter(parameter: inspect.Parameter) -> str:
    default = "" if parameter.default is inspect.Parameter.empty else f" = {parameter.default!r}"
    stars = {"VAR_POSITIONAL": "*", "VAR_KEYWORD": "**"}.get(parameter.kind.name, "")
    return f"{stars}{parameter.name}: {short(parameter.annotation)}{default}"


def _fate(thing: object) -> str:
    deprecation = vars(thing).get(MARK) if hasattr(thing, "__dict__") else None
    return f"  (goes with API version {deprecation.removed_in})" if isinstance(deprecation, Deprecation) else ""


def _hook_fates(function: Callable[..., Any]) -> str:
    return "; ".join(
        f"{each.deprecation.name} goes with API version {each.deprecation.removed_in}"
        for each in _hook_warnings(function)
    )


def _hook_warnings(function: Callable[..., Any]) -> Iterator[SdkDeprecation]:
    options: Mapping[str, Any] = getattr(function, f"{PROJECT}_spec", {})
    for warning in (options.get("warn_on_impl"), *(options.get("warn_on_impl_args") or {}).values()):
        if isinstance(warning, SdkDeprecation):
            yield warning
