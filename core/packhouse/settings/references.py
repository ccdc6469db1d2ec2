"""Values that stand somewhere else: `{ file = "/run/secrets/key" }` and `{ env = "NAME" }` in place of the value itself."""

import os
from collections.abc import Mapping
from pathlib import Path

FILE = "file"
ENV = "env"
LONGEST = 65_536


class UnreadableReference(Exception):
    """What a reference names cannot be read; the text says why and quotes no value."""


def reference_of(value: object, kinds: tuple[str, ...] = (FILE, ENV)) -> tuple[str, str] | None:
    """The kind and the name of a reference, None where a value is none."""
    if not isinstance(value, Mapping) or len(value) != 1:
        return None
    ((kind, name),) = value.items()
    return (kind, name) if kind in kinds and isinstance(name, str) else None


def read_reference(kind: str, name: str, environ: Mapping[str, str] = os.environ) -> str:
    """The text that a reference stands for; the line end that editors and `echo` put behind a file's text is left out.

    Raises:
        UnreadableReference: there is no such file or variable, or it is empty.
    """
    text = _read_file(name) if kind == FILE else environ.get(name)
    if text is None:
        raise UnreadableReference(f"the environment variable {name} is not set")
    if not text:
        raise UnreadableReference(f"{shown_reference(kind, name)} is empty")
    return text


def shown_reference(kind: str, name: str) -> str:
    """A reference as people read it."""
    return f"the file {name}" if kind == FILE else f"the environment variable {name}"


def _read_file(name: str) -> str:
    try:
        with Path(name).open("rb") as file:
            content = file.read(LONGEST + 1)
        text = content.decode()
    except OSError as error:
        raise UnreadableReference(f"the file {name} cannot be read: {error.strerror}") from None
    except ValueError:  # its text is no text, or its name no name
        raise UnreadableReference(f"the file {name} cannot be read as UTF-8") from None
    if len(content) > LONGEST:
        raise UnreadableReference(f"the file {name} has more than {LONGEST} bytes")
    return text.removesuffix("\n").removesuffix("\r")
