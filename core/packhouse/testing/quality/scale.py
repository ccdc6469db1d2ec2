"""Reads a plugin's quality.toml, and compares what it says with the rules."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from packhouse.sdk import PackhouseError
from packhouse.testing.quality.inspection import Inspected, inspect_plugin
from packhouse.testing.quality.rules import LEVELS, RULES

FILE = "quality.toml"


class BadScale(PackhouseError):
    """A quality.toml that cannot be used: missing, unreadable, or of another form."""


class Mark(StrEnum):
    """What a plugin's author says of a rule."""

    DONE = "done"
    TODO = "todo"
    EXEMPT = "exempt"


@dataclass(frozen=True, slots=True)
class Scale:
    """The marks by rule, and the comments of those that have one."""

    marks: Mapping[str, Mark]
    comments: Mapping[str, str]

    @property
    def level(self) -> str:
        """The highest level all of whose rules, and all below, are done or exempt; empty for none."""
        reached = ""
        for level in LEVELS:
            if any(self.marks.get(rule.name, Mark.TODO) is Mark.TODO for rule in RULES if rule.level == level):
                break
            reached = level
        return reached


def read_scale(folder: Path) -> Scale:
    """A plugin's quality scale.

    Raises:
        BadScale: there is none, or it has another form.
    """
    file = folder / FILE
    try:
        found = tomllib.loads(file.read_text("utf-8")).get("rules", {})
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise BadScale(f"{file} cannot be read: {error}") from None
    marks, comments = {}, {}
    for name, value in found.items():
        table = value if isinstance(value, dict) else {"status": value}
        try:
            marks[name] = Mark(table.get("status", ""))
        except ValueError:
            raise BadScale(f"{file}: {name} is neither done, todo nor exempt") from None
        comments[name] = str(table.get("comment", "")).strip()
    return Scale(marks, {name: comment for name, comment in comments.items() if comment})


def check_scale(plugin: Inspected, scale: Scale) -> list[str]:
    """What is wrong: rules that are missing or unknown, exemptions without a reason, and what is said to be done and is not."""
    known = {rule.name for rule in RULES}
    problems = [f"{name}: there is no such rule" for name in scale.marks if name not in known]
    for rule in RULES:
        mark = scale.marks.get(rule.name)
        if mark is None:
            problems.append(f"{rule.name}: {FILE} does not say")
        elif mark is Mark.EXEMPT and rule.name not in scale.comments:
            problems.append(f"{rule.name}: exempt needs a comment that says why")
        elif mark is Mark.DONE and rule.check is not None and (wrong := rule.check(plugin)):
            problems.append(f"{rule.name}: {wrong}")
    return problems


@dataclass(frozen=True, slots=True)
class Line:
    """A rule, and what the plugin says of it; `mark` is "missing" where it says nothing."""

    level: str
    rule: str
    title: str
    mark: str
    comment: str


@dataclass(frozen=True, slots=True)
class Promises:
    """A plugin's whole scale, with what is wrong with it."""

    level: str
    lines: tuple[Line, ...]
    problems: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether everything that it says is so."""
        return not self.problems

    def as_json(self) -> Mapping[str, object]:
        """The scale for machines."""
        rules = [
            {"rule": each.rule, "level": each.level, "mark": each.mark, "comment": each.comment} for each in self.lines
        ]
        return {"level": self.level, "holds": self.holds, "rules": rules, "problems": list(self.problems)}


def examine_quality(folder: Path) -> Promises:
    """What the plugin in a folder promises; a scale that cannot be read is one problem."""
    try:
        scale = read_scale(folder)
    except BadScale as error:
        return Promises("", (), (str(error),))
    lines = tuple(
        Line(
            rule.level,
            rule.name,
            rule.title,
            scale.marks[rule.name].value if rule.name in scale.marks else "missing",
            scale.comments.get(rule.name, ""),
        )
        for rule in RULES
    )
    problems = check_scale(inspect_plugin(folder), scale)
    return Promises("" if problems else scale.level, lines, tuple(problems))
