"""The catalogue as a sheet: variants, and what bundles are made of."""

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from packhouse.catalog.commands.change_variant import change_variant
from packhouse.catalog.commands.create_variant import CreateVariant, check_variant, create_variant
from packhouse.catalog.models import BundleComponent, Variant
from packhouse.inventory.commands.set_bundle import BundlePart, SetBundle, set_bundle
from packhouse.sdk import Refused, now
from packhouse.sheets.cells import BadCell, Record
from packhouse.sheets.components import parse_components, write_components
from packhouse.sheets.sheet import PAGE, Item
from packhouse.sheets.writing import Value
from packhouse.storage import Reader, UnitOfWork
from packhouse.storage.dialect import placeholders, read_id

_FIELDS = (
    "sku",
    "title",
    "barcode",
    "url",
    "image_url",
    "weight_grams",
    "length_mm",
    "width_mm",
    "height_mm",
    "hs_code",
    "country_of_origin",
    "requires_shipping",
)
COMPONENTS = "components"
COLUMNS = (*_FIELDS, COMPONENTS)
_WHOLE = {"weight_grams", "length_mm", "width_mm", "height_mm"}
_CODES = {"barcode", "hs_code"}
_LONGEST_CODE = 14

_PAGE = f"SELECT id, is_bundle, {', '.join(_FIELDS)} FROM variant WHERE sku > $1 ORDER BY sku LIMIT {PAGE}"
_COMPONENTS = """
SELECT bundle_id, variant.sku, bundle_component.quantity FROM bundle_component
JOIN variant ON variant.id = bundle_component.component_id WHERE bundle_id IN ({bundles}) ORDER BY variant.sku
"""


@dataclass(frozen=True, slots=True)
class VariantRow:
    """What a row says about a variant, by field."""

    sku: str
    said: dict[str, Any] = field(default_factory=dict)


class CatalogSheet:
    """Variants by their SKU. A column that a file does not have is left alone; an empty cell empties the field."""

    columns = COLUMNS
    required = ("sku",)

    async def pages(self, reader: Reader) -> AsyncIterator[list[tuple[Value, ...]]]:
        """All variants by SKU."""
        after = ""
        while rows := await reader.fetch(_PAGE, after):
            bundles = await _components(reader, [row["id"] for row in rows if row["is_bundle"]])
            yield [
                (
                    *(bool(row[name]) if name == "requires_shipping" else _value(row[name]) for name in _FIELDS),
                    write_components(bundles.get(read_id(row["id"]), {})),
                )
                for row in rows
            ]
            after = rows[-1]["sku"]

    def read(self, record: Record) -> Item:
        """A variant's fields."""
        sku = record.required("sku")
        said = {name: _read(record, name) for name in _FIELDS if name in record and name != "sku"}
        # what it would be if it were new; a title may be known already
        check_variant(CreateVariant(**{"title": "?", **said, "sku": sku}))
        return Item(record.line, sku, VariantRow(sku, said))

    async def changes(self, items: Sequence[Item]) -> Sequence[Item]:
        """Those that are new or different."""
        known = {row.sku: row for row in await Variant.filter(sku__in=[item.says.sku for item in items])}
        return [item for item in items if _differs(item.says, known.get(item.says.sku))]

    async def apply(self, uow: UnitOfWork, item: Item) -> None:
        """Create the variant, or change it.

        Raises:
            InvalidValue: what is said cannot be, or a new variant has no title.
            Refused: LOST_ZEROS: the SKU or barcode is known with zeros before it.
        """
        row: VariantRow = item.says
        variant = await Variant.get_or_none(sku=row.sku)
        if variant is None:
            await _refuse_stripped(row.sku)
            await create_variant(uow, CreateVariant(**{"title": "", **row.said, "sku": row.sku}))
            return
        for name in _CODES & row.said.keys():
            _refuse_shortened(name, getattr(variant, name), row.said[name])
        await change_variant(uow, row.sku, row.said)


class BundlesSheet:
    """The components of a catalogue's bundles, taken in when all its variants are there."""

    columns = COLUMNS
    required = ("sku", COMPONENTS)

    def __init__(self, set_components: "SetComponents") -> None:
        self._set = set_components

    def pages(self, reader: Reader) -> AsyncIterator[list[tuple[Value, ...]]]:
        """They are written with the variants."""
        return CatalogSheet().pages(reader)

    def read(self, record: Record) -> Item:
        """A variant's components."""
        return Item(record.line, record.required("sku"), parse_components(record.text(COMPONENTS)))

    async def changes(self, items: Sequence[Item]) -> Sequence[Item]:
        """Those whose components are others."""
        sku_of = dict(await Variant.filter(sku__in=[item.key for item in items]).values_list("id", "sku"))
        known: dict[str, dict[str, int]] = defaultdict(dict)
        rows = BundleComponent.filter(bundle_id__in=list(sku_of)).values_list("bundle_id", "component__sku", "quantity")
        for bundle_id, component, quantity in await rows:
            known[sku_of[bundle_id]][component] = quantity
        return [item for item in items if item.says != known[item.key]]

    async def apply(self, uow: UnitOfWork, item: Item) -> None:
        """Set the components."""
        await self._set(uow, item.key, item.says)


class SetComponents:
    """Sets what a bundle is made of. In a dry run variants that the file would have brought stand in as long as needed."""

    def __init__(self, brought: Callable[[str], bool], *, is_dry: bool) -> None:
        self._brought = brought
        self._is_dry = is_dry

    async def __call__(self, uow: UnitOfWork, sku: str, units: Mapping[str, int]) -> None:
        """Set it.

        Raises:
            Refused, InvalidValue: see `set_bundle`.
        """
        if self._is_dry:
            await self._stand_in({sku, *units})
        await set_bundle(uow, SetBundle(sku, tuple(BundlePart(*part) for part in units.items())))

    async def _stand_in(self, skus: Collection[str]) -> None:
        known = {row.sku for row in await Variant.filter(sku__in=list(skus))}
        for sku in skus:
            if sku not in known and self._brought(sku):
                await Variant.create(sku=sku, title=sku, created_at=now())


async def _components(reader: Reader, bundles: Sequence[Any]) -> dict[UUID, dict[str, int]]:
    found: dict[UUID, dict[str, int]] = defaultdict(dict)
    if bundles:
        for row in await reader.fetch(_COMPONENTS.format(bundles=placeholders(len(bundles))), *bundles):
            found[read_id(row["bundle_id"])][row["sku"]] = row["quantity"]
    return found


def _read(record: Record, name: str) -> Any:  # noqa: ANN401  (each field has its own type)
    if name in _WHOLE:
        return record.whole(name)
    if name == "requires_shipping":
        return record.flag(name)
    return record.code(name) if name in _CODES else record.text(name)


def _value(value: Any) -> Value:  # noqa: ANN401  (out of a row)
    return value if value is None or isinstance(value, int) else str(value)


def _differs(row: VariantRow, variant: Variant | None) -> bool:
    return variant is None or any(getattr(variant, name) != value for name, value in row.said.items())


async def _refuse_stripped(sku: str) -> None:
    """Let pass only a new SKU that is not a known one which a spreadsheet has changed.

    Raises:
        BadCell: it has spaces around it.
        Refused: LOST_ZEROS.
    """
    if sku != sku.strip():
        raise BadCell(f"sku: {sku!r} has spaces around it")
    if not sku.isdecimal():
        return
    padded = [sku.zfill(length) for length in range(len(sku) + 1, _LONGEST_CODE + 1)]
    known = await Variant.filter(sku__in=padded).first()
    if known is not None:
        raise _lost_zeros("sku", known.sku, sku)


def _refuse_shortened(name: str, known: str, given: str) -> None:
    if known.isdecimal() and given.isdecimal() and known != given and known.lstrip("0") == given.lstrip("0"):
        raise _lost_zeros(name, known, given)


def _lost_zeros(name: str, known: str, given: str) -> Refused:
    return Refused("LOST_ZEROS", f"{name}: {given} has lost zeros of {known}: format the column as text", name)
