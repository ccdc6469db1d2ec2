"""The reference of the SDK for the documentation, made from its docstrings and its shapes."""

import ast
import inspect
from collections.abc import Iterator
from importlib import import_module

from packhouse import sdk
from packhouse.hooks.reference import hook_reference
from packhouse.hooks.surface import shape_of

_CHAPTERS = (
    "values",
    "events",
    "snapshots",
    "contributions",
    "context",
    "providers",
    "channels",
    "carriers",
    "networks",
    "payments",
    "reviews",
    "history",
    "errors",
    "hookmarkers",
    "deprecation",
)


def sdk_reference() -> str:
    """Markdown: how the SDK may change, every public name with its shape and meaning, then every hook."""
    chapters = [f"## {_title(chapter)}\n\n" + "\n\n".join(_entries(chapter)) for chapter in _chapters()]
    opening = f"# packhouse.sdk\n\n{inspect.cleandoc(sdk.__doc__ or '')}"
    return "\n\n".join([opening, *chapters, hook_reference()])


def docstrings() -> dict[str, str]:
    """What each public name means: a class's or function's docstring, or the text below a constant; empty where there is none."""
    found = {name: text for chapter in _chapters() for name, text in _written(chapter)}
    return {name: found.get(name, "") for name in sdk.__all__}


def _chapters() -> Iterator[str]:
    """The modules of the SDK: those that have a place first, then whatever else brings public names."""
    yield from _CHAPTERS
    modules = {getattr(sdk, name).__module__ for name in sdk.__all__ if hasattr(getattr(sdk, name), "__module__")}
    own = (module.removeprefix("packhouse.sdk.") for module in modules if module.startswith("packhouse.sdk."))
    yield from sorted(set(own) - set(_CHAPTERS))


def _title(chapter: str) -> str:
    return (import_module(f"packhouse.sdk.{chapter}").__doc__ or chapter).strip().splitlines()[0].rstrip(".")


def _entries(chapter: str) -> Iterator[str]:
    for name, text in _written(chapter):
        yield f"### `{name}`\n\n```python\n{shape_of(name)}\n```\n\n{text}"


def _written(chapter: str) -> Iterator[tuple[str, str]]:
    """The public names that a module defines, in its order, with what is written about each."""
    body = ast.parse(inspect.getsource(import_module(f"packhouse.sdk.{chapter}"))).body
    for node, following in zip(body, [*body[1:], None], strict=True):
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            yield from _public(node.name, ast.get_docstring(node) or "")
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    yield from _public(target.id, _text(following))


def _public(name: str, text: str) -> Iterator[tuple[str, str]]:
    if name in sdk.__all__:
        yield name, text


def _text(node: ast.stmt | None) -> str:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
        return inspect.cleandoc(node.value.value)
    return ""
