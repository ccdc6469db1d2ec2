"""`packhouse docs`: documentation that is made from the code itself."""
# ruff: noqa: PLC0415  (heavy modules are imported when a command runs)

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from packhouse.sdk.states import StateMachine


def register(app: typer.Typer) -> None:
    """Add the commands."""
    commands = typer.Typer(no_args_is_help=True, help="Documentation made from the code itself.")
    commands.command("states")(states)
    commands.command("hooks")(hooks)
    commands.command("sdk")(sdk)
    commands.command("schema")(schema)
    commands.command("permissions")(permissions)
    app.add_typer(commands, name="docs")


def states() -> None:
    """Print every state machine: its table and its diagram (Mermaid)."""
    for machine in machines():
        typer.echo(f"## {machine.entity}\n\n{machine.markdown()}\n\n```mermaid\n{machine.mermaid()}\n```\n")


def hooks() -> None:
    """Print the hooks that a plugin can implement."""
    from packhouse.hooks.reference import hook_reference

    typer.echo(hook_reference(), nl=False)


def sdk(
    surface: Annotated[
        bool, typer.Option("--surface", help="Names and shapes only, as the test of the SDK pins them.")
    ] = False,
) -> None:
    """Print what plugins import: every name of packhouse.sdk with its shape and meaning, and every hook."""
    from packhouse.hooks.sdk_reference import sdk_reference
    from packhouse.hooks.surface import sdk_surface

    typer.echo(sdk_surface() if surface else sdk_reference(), nl=False)


def schema() -> None:
    """Print the GraphQL schema (SDL)."""
    from packhouse.rooms import all_rooms

    typer.echo(all_rooms().schema.as_str())


def permissions() -> None:
    """Print what each permission of an access token is for: its fields, objects, events and addresses."""
    from packhouse.access import assign_areas
    from packhouse.access_reference import permission_reference
    from packhouse.rooms import all_rooms

    typer.echo(permission_reference(assign_areas(all_rooms().schema)), nl=False)


def machines() -> "Iterator[StateMachine[Any]]":
    """The state machines of every room, rooms by their name, machines in the order of their file."""
    import packhouse
    from packhouse.sdk.states import StateMachine

    for room in sorted(module.name for module in iter_modules(packhouse.__path__, "packhouse.") if module.ispkg):
        package = import_module(room)
        if any(module.name == "states" for module in iter_modules(package.__path__)) and room != "packhouse.sdk":
            for value in vars(import_module(f"{room}.states")).values():
                if isinstance(value, StateMachine):
                    yield value
