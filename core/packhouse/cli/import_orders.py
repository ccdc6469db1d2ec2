"""`packhouse import`: orders of the past, the catalogue, prices and stock out of files; postcodes and shipping rates."""
# ruff: noqa: PLC0415  (heavy modules are imported when a command runs)

from pathlib import Path
from typing import Annotated

import typer

MappingFile = Annotated[
    Path, typer.Option("--mapping", help="TOML file that says what the files mean.", dir_okay=False)
]
DataFolder = Annotated[Path | None, typer.Option("--data", help="Folder of the files (default: the mapping's own).")]
OurFile = Annotated[Path, typer.Argument(help="A .csv or .xlsx file, as `packhouse export` writes it.", dir_okay=False)]
OurMapping = Annotated[
    Path | None, typer.Option("--mapping", help="TOML file that says what its columns are called.", dir_okay=False)
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")]
RejectsFile = Annotated[
    Path | None, typer.Option("--rejects", help="Where bad rows go (default: rejects/<mapping>-<time>.csv).")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    commands = typer.Typer(
        no_args_is_help=True,
        help="Import orders of the past, the catalogue, prices, stock, postcodes, transit times or rates.",
    )
    commands.command("orders")(import_orders)
    commands.command("catalog")(import_catalog)
    commands.command("prices")(import_prices)
    commands.command("stock")(import_stock)
    commands.command("postcodes")(import_postcodes)
    commands.command("transit-times")(import_transit_times)
    commands.command("rates")(import_rates)
    app.add_typer(commands, name="import")


def import_orders(mapping: MappingFile, data: DataFolder = None, rejects: RejectsFile = None) -> None:
    """Import orders of the past. They take no stock, nobody hears of them, and importing again changes nothing."""
    from packhouse.cli import importing

    importing.import_orders(mapping, data, rejects)


def import_catalog(
    file: OurFile, mapping: OurMapping = None, dry_run: DryRun = False, rejects: RejectsFile = None
) -> None:
    """Import variants and bundles. What the file does not have is left alone; importing again changes nothing."""
    _import_sheet("catalog", file, mapping, dry_run, rejects)


def import_prices(
    file: OurFile, mapping: OurMapping = None, dry_run: DryRun = False, rejects: RejectsFile = None
) -> None:
    """Import prices by price list, SKU and quantity. Importing again changes nothing."""
    _import_sheet("prices", file, mapping, dry_run, rejects)


def import_stock(
    file: Annotated[
        Path | None,
        typer.Argument(help="A .csv or .xlsx file; without: the one that the mapping names.", dir_okay=False),
    ] = None,
    mapping: OurMapping = None,
    data: DataFolder = None,
    dry_run: DryRun = False,
    rejects: RejectsFile = None,
) -> None:
    """Import a stock list: units counted, safety stock and bins of a FILE, or what a mapping's own file says came."""
    if file is not None:
        _import_sheet("stock", file, mapping, dry_run, rejects)
        return
    from packhouse.cli import importing

    if mapping is None or dry_run:
        raise typer.BadParameter("name a FILE" if mapping is None else "--dry-run needs a FILE")
    importing.import_stock(mapping, data, rejects)


def _import_sheet(sheet: str, file: Path, mapping: Path | None, dry_run: bool, rejects: Path | None) -> None:
    from packhouse.cli import sheets

    sheets.run_import(sheet, file, mapping, rejects, is_dry=dry_run)


def import_postcodes(
    file: Annotated[Path, typer.Argument(help="GeoNames postal codes: text separated by tabs.", dir_okay=False)],
    rejects: RejectsFile = None,
) -> None:
    """Import where postcodes are, for routing to the nearest location. Importing again changes nothing."""
    from packhouse.cli import postcodes

    postcodes.run_import(file, rejects)


def import_transit_times(
    file: Annotated[
        Path,
        typer.Argument(
            help="CSV: location or origin_country, country, min_days, max_days, postcode_prefix, speed, time_zone.",
            dir_okay=False,
        ),
    ],
) -> None:
    """Import how long parcels take, in place of what was known from the same origins: all of the file, or nothing."""
    from packhouse.cli.working import read_settings, write
    from packhouse.routing.transit_file import import_transit_times as run
    from packhouse.routing.transit_file import read_transit_times

    found = read_transit_times(file)
    count = write(read_settings(), lambda uow: run(uow, found))
    typer.echo(f"{count} transit times from {len(found)} origins are known now")


def import_rates(
    file: Annotated[
        Path,
        typer.Argument(
            help="CSV of what parcels cost: country, up_to_grams, price, currency, and any of location, origin_country, postcode_prefix, service.",
            dir_okay=False,
        ),
    ],
    rejects: RejectsFile = None,
) -> None:
    """Import what parcels cost, for routing by cost. Importing again changes nothing."""
    from packhouse.cli import rates

    rates.run_import(file, rejects)
