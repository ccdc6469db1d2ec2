"""`packhouse plugin new`: a plugin to begin with."""
# ruff: noqa: PLC0415  (heavy modules are imported when a command runs)

import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from packhouse.cli.working import invalid

_NAME = re.compile(r"(?=.{1,41}$)[a-z][a-z0-9]*(-[a-z0-9]+)*")
# they come to stand between quotation marks, in Python and in TOML
_WORDS = re.compile(r'[^"\\\x00-\x1f]*')
_LONGEST_TITLE = 60
_LONGEST_DESCRIPTION = 200


class Kind(StrEnum):
    """What a new plugin connects."""

    CHANNEL = "channel"
    CARRIER = "carrier"
    FULFILMENT = "fulfilment"
    REVIEWS = "reviews"
    CRM = "crm"
    PLAIN = "plain"


def register(commands: typer.Typer) -> None:
    """Add the command."""
    commands.command("new")(new)


def new(
    name: Annotated[str, typer.Argument(help="Its code in settings and events, such as acme-post.")],
    kind: Annotated[Kind, typer.Option(help="What it connects.")] = Kind.PLAIN,
    into: Annotated[Path, typer.Option(help="The folder that packhouse-NAME is made in.")] = Path(),
    title: Annotated[str, typer.Option(help="Its name for people; by default made of NAME.")] = "",
    description: Annotated[str, typer.Option(help="One sentence.")] = "",
) -> None:
    """Make a plugin: a distribution that works, is typed and tested, and passes `packhouse plugin check`."""
    if not _NAME.fullmatch(name):
        raise invalid("NAME", f"{name!r} is not small letters, digits and single hyphens (at most 41, a letter first)")
    _refuse_wrong("--title", title, _LONGEST_TITLE)
    _refuse_wrong("--description", description, _LONGEST_DESCRIPTION)
    folder = into / f"packhouse-{name}"
    if folder.exists():
        raise invalid("NAME", f"{folder} exists already")
    answers = {"name": name, "kind": kind.value, "title": title, "description": description}
    _copy(folder, {question: answer for question, answer in answers.items() if answer})
    typer.echo(f"Made {folder}. Next:\n\n    pip install -e {folder}\n    packhouse plugin check {folder}\n")


def template() -> Path:
    """The template's folder: inside the package where it was installed, beside the core in a checkout.

    Raises:
        PackhouseError: it is in neither.
    """
    import packhouse
    from packhouse.sdk import PackhouseError

    package = Path(packhouse.__file__).resolve().parent
    for folder in (package / "testing" / "template", package.parents[1] / "plugins" / "_template"):
        if (folder / "copier.yml").is_file():
            return folder
    raise PackhouseError("the template of plugins is not part of this installation")


def _refuse_wrong(option: str, words: str, longest: int) -> None:
    if len(words) > longest or not _WORDS.fullmatch(words):
        raise invalid(option, f"expected at most {longest} characters, no double quotes, backslashes or line breaks")


def _copy(folder: Path, answers: dict[str, str]) -> None:
    try:
        from copier import run_copy
    except ImportError:
        from packhouse.sdk import PackhouseError

        raise PackhouseError("making a plugin needs Copier: pip install 'packhouse[develop]'") from None
    run_copy(str(template()), folder, data=answers, defaults=True, quiet=True)
