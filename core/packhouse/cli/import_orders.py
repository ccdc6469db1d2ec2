"""`packhouse import`: orders of the past and stock lists, out of files and by a mapping; and postcodes."""
# ruff: noqa: PLC0415  (heavy modules are imported when a command runs)

from pathlib import Path
from typing import Annotated

import typer

MappingFile = Annotated[
    Path, typer.Option("--mapping", help="TOML file that says what the files mean.", dir_okay=False)
]
DataFolder = Annotated[Path | None, typer.Option("--data", help="Folder of the files (default: the mapping's own).")]
RejectsFile = Annotated[
    Path | None, typer.Option("--rejects", help="Where bad rows go (default: rejects/<mapping>-<time>.csv).")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    commands = typer.Typer(no_args_is_help=True, help="Import orders of the past, stock or postcodes from files.")
    commands.command("orders")(import_orders)
    commands.command("stock")(import_stock)
    commands.command("postcodes")(import_postcodes)
    app.add_typer(commands, name="import")


def import_orders(mapping: MappingFile, data: DataFolder = None, rejects: RejectsFile = None) -> None:
    """Import orders of the past. They take no stock, nobody hears of them, and importing again changes nothing."""
    from packhouse.cli import importing

    importing.import_orders(mapping, data, rejects)


def import_stock(mapping: MappingFile, data: DataFolder = None, rejects: RejectsFile = None) -> None:
    """Import a stock list: units counted, or units that came under a reference, each once."""
    from packhouse.cli import importing

    importing.import_stock(mapping, data, rejects)


def import_postcodes(
    file: Annotated[Path, typer.Argument(help="GeoNames postal codes: text separated by tabs.", dir_okay=False)],
    rejects: RejectsFile = None,
) -> None:
    """Import where postcodes are, for routing to the nearest location. Importing again changes nothing."""
    from packhouse.cli import postcodes

    postcodes.run_import(file, rejects)
