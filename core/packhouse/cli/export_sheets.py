"""`packhouse export`: the catalogue, prices and stock into files."""
# ruff: noqa: PLC0415  (heavy modules are imported when a command runs)

from pathlib import Path
from typing import Annotated

import typer

Target = Annotated[Path, typer.Argument(help="The .csv or .xlsx file to write.", dir_okay=False)]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    commands = typer.Typer(no_args_is_help=True, help="Export the catalogue, prices or stock, as they are imported.")
    commands.command("catalog")(export_catalog)
    commands.command("prices")(export_prices)
    commands.command("stock")(export_stock)
    app.add_typer(commands, name="export")


def export_catalog(file: Target) -> None:
    """Export all variants, and what bundles are made of."""
    _export("catalog", file)


def export_prices(file: Target) -> None:
    """Export all prices of all lists."""
    _export("prices", file)


def export_stock(file: Target) -> None:
    """Export what is on hand and kept back, by SKU and location."""
    _export("stock", file)


def _export(sheet: str, file: Path) -> None:
    from packhouse.cli import sheets

    sheets.run_export(sheet, file)
