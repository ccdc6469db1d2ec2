"""A file's columns by our names: as they are called, or as a mapping in TOML says."""

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from packhouse.sdk import BadMapping
from packhouse.sheets.tables import Format

_SHEETS = ("catalog", "prices", "stock")


@dataclass(frozen=True, slots=True)
class Columns:
    """How a file is read: `names` are its columns by our names, `defaults` texts for where a cell is empty or missing.

    Without `names` the columns are called as we call them.
    """

    form: Format = field(default_factory=Format)
    names: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)


class _Format(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    encoding: str = "utf-8-sig"
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    decimal: Literal[".", ","] = "."
    thousands: Literal["", ".", ",", " ", "'"] = ""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.decimal == self.thousands:
            raise ValueError("decimal and thousands cannot be the same character")
        try:
            "".encode(self.encoding)
        except LookupError as error:
            raise ValueError(f"encoding: {self.encoding!r} is not known") from error
        return self


class _Sheet(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)

    columns: dict[str, str] = {}
    defaults: dict[str, str] = {}


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    format: _Format = _Format()
    catalog: _Sheet | None = None
    prices: _Sheet | None = None
    stock: _Sheet | None = None


def load_columns(path: Path, sheet: str, known: Collection[str]) -> Columns:
    """The part of a mapping file for one sheet, whose columns are `known`.

    Raises:
        BadMapping: it is not there, is not TOML, has unknown keys, or nothing about this sheet.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        read = _File.model_validate(table)
    except OSError as error:
        raise BadMapping(path.name, [f"cannot be read: {error.strerror or error}"]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadMapping(path.name, [f"is not TOML: {error}"]) from error
    except ValidationError as error:
        raise BadMapping(path.name, [_told(each["loc"], each["msg"]) for each in error.errors()]) from error
    part: _Sheet | None = getattr(read, sheet)
    if part is None:
        raise BadMapping(path.name, [f"[{sheet}] is missing: it names the columns; there may be {', '.join(_SHEETS)}"])
    problems = [
        f"{sheet}.{place}.{name}: {nearest(name, known)}"
        for place, names in (("columns", part.columns), ("defaults", part.defaults))
        for name in names
        if name not in known
    ]
    if problems:
        raise BadMapping(path.name, problems)
    return Columns(Format(**read.format.model_dump()), part.columns, part.defaults)


def nearest(name: str, known: Collection[str]) -> str:
    """That there is no such column, and which one may have been meant."""
    near = get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}"
    return f"there is no such column ({hint})"


def _told(loc: tuple[int | str, ...], message: str) -> str:
    return f"{'.'.join(map(str, loc))}: {message.removeprefix('Value error, ')}"
