"""The mapping file: which files there are, how they join, what their columns mean. Unknown keys are refused."""

import tomllib
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from packhouse.sdk import BadMapping, HistoryStatus, InvalidValue
from packhouse.sdk.values import check_currency
from packhouse_spreadsheet.fields import (
    CustomerFields,
    Fields,
    LineFields,
    LocationFields,
    OrderFields,
    PaymentFields,
    ProductFields,
    ReviewFields,
    StockFields,
)


def _zone(name: str) -> str:
    if name not in available_timezones():
        nearest = get_close_matches(name, sorted(available_timezones()), n=1)
        hint = f"; did you mean {nearest[0]}?" if nearest else ""
        raise ValueError(f"{name!r} is no time zone such as Europe/London{hint}")
    return name


def _currency(code: str) -> str:
    try:
        return check_currency(code)
    except InvalidValue as error:
        raise ValueError(error.message) from error


class Section(BaseModel):
    """A table of the mapping."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Format(Section):
    """How the files write text, numbers and times.

    `dates` are strptime formats tried in turn, `iso` meaning ISO 8601. A local time that a clock change left out is
    shifted by the change; one that came twice is the earlier: both can be rejected instead.
    """

    encoding: str = "utf-8-sig"
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    decimal: Literal[".", ","] = "."
    thousands: Literal["", ".", ",", " ", "'"] = ""
    dates: Annotated[list[str], Field(min_length=1)] = ["iso"]
    nonexistent: Literal["shift", "reject"] = "shift"
    ambiguous: Literal["earlier", "later", "reject"] = "earlier"

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.decimal == self.thousands:
            raise ValueError("decimal and thousands cannot be the same character")
        try:
            "".encode(self.encoding)
        except LookupError as error:
            raise ValueError(f"encoding: {self.encoding!r} is not known") from error
        return self


class Table(Section):
    """A file, and for each field the column that holds it or, where there is none or it is empty, a default."""

    file: str
    sheet: str | None = None

    @property
    def fields(self) -> tuple[Fields, Fields]:
        """The columns and the defaults, by field."""
        raise NotImplementedError

    @property
    def joins(self) -> dict[str, str]:
        """The columns beside the fields: `key` is the row's own id, `order` the id of the order it belongs to."""
        own = {name: getattr(self, name, None) for name in ("key", "order")}
        return {name: column for name, column in own.items() if column is not None}


class OrdersTable(Table):
    """One row an order (rows that repeat an order's columns, as in a flat export, count once)."""

    key: str
    columns: OrderFields
    defaults: OrderFields = OrderFields()
    states: dict[str, HistoryStatus] = {}

    @property
    def fields(self) -> tuple[Fields, Fields]:
        """The columns and the defaults, by field."""
        return self.columns, self.defaults


class LinesTable(Table):
    """Rows of an order's lines. Without `key` lines are numbered in the order of the file."""

    file: str = ""
    order: str
    key: str | None = None
    columns: LineFields
    defaults: LineFields = LineFields()

    @property
    def fields(self) -> tuple[Fields, Fields]:
        """The columns and the defaults, by field."""
        return self.columns, self.defaults


class PaymentsTable(Table):
    """Rows of an order's payments. Without a column `paid_at` they were paid when the order was confirmed."""

    order: str
    key: str | None = None
    columns: PaymentFields
    defaults: PaymentFields = PaymentFields()

    @property
    def fields(self) -> tuple[Fields, Fields]:
        """The columns and the defaults, by field."""
        return self.columns, self.defaults


class ReviewsTable(Table):
    """Rows of an order's reviews."""

    order: str
    key: str
    columns: ReviewFields
    defaults: ReviewFields = ReviewFields()

    @property
    def fields(self) -> tuple[Fields, Fields]:
        """The columns and the defaults, by field."""
        return self.columns, self.defaults


class CustomersTable(Table):
    """Rows of customers, joined to `orders.columns.customer` by `key`."""

    key: str
    columns: CustomerFields
    defaults: CustomerFields = CustomerFields()

    @property
    def fields(self) -> tuple[Fields, Fields]:
        """The columns and the defaults, by field."""
        return self.columns, self.defaults


class ProductsTable(Table):
    """Rows of products, joined to a line's SKU by `key`. SKUs that the catalogue does not have are added from here."""

    key: str
    weight_unit: Literal["g", "kg"] = "g"
    size_unit: Literal["mm", "cm", "m"] = "cm"
    columns: ProductFields = ProductFields()
    defaults: ProductFields = ProductFields()

    @property
    def fields(self) -> tuple[Fields, Fields]:
        """The columns and the defaults, by field."""
        return self.columns, self.defaults


class LocationsTable(Table):
    """Rows of the places that sent goods, joined to a line's `location` by `key`; the code becomes `prefix` + key."""

    key: str
    prefix: str = ""
    kind: Literal["warehouse", "store", "third_party", "drop_shipper"] = "drop_shipper"
    columns: LocationFields = LocationFields()
    defaults: LocationFields = LocationFields()

    @property
    def fields(self) -> tuple[Fields, Fields]:
        """The columns and the defaults, by field."""
        return self.columns, self.defaults


class StockTable(Table):
    """Rows of a stock list. A column `quantity` adds to what is there, so it needs a column `reference` that names the
    delivery: imported again, it counts once. A column `counted` says what is there.
    """

    columns: StockFields
    defaults: StockFields = StockFields()

    @property
    def fields(self) -> tuple[Fields, Fields]:
        """The columns and the defaults, by field."""
        return self.columns, self.defaults

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.columns.quantity is None) == (self.columns.counted is None):
            raise ValueError("columns: name either quantity (units that came) or counted (units that are there)")
        if self.columns.quantity is not None and self.columns.reference is None:
            raise ValueError("columns.reference: quantity needs it, so that what came is not added again")
        return self


class MappingFile(Section):
    """A mapping: `[orders]` with what hangs on it for history, `[stock]` for a stock list, or both."""

    channel: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")] = "spreadsheet"
    title: str = ""
    currency: Annotated[str, AfterValidator(_currency)] | None = None
    timezone: Annotated[str, AfterValidator(_zone)] = "UTC"
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None = None
    format: Format = Format()
    orders: OrdersTable | None = None
    lines: LinesTable | None = None
    payments: PaymentsTable | None = None
    customers: CustomersTable | None = None
    reviews: ReviewsTable | None = None
    products: ProductsTable | None = None
    locations: LocationsTable | None = None
    stock: StockTable | None = None

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of times without an offset."""
        return ZoneInfo(self.timezone)

    def history_tables(self) -> dict[str, Table]:
        """The tables of a history by name; lines without a file of their own are in the orders' file."""
        tables: dict[str, Table | None] = {
            "orders": self.orders,
            "lines": self.lines,
            "payments": self.payments,
            "reviews": self.reviews,
            "customers": self.customers,
            "products": self.products,
            "locations": self.locations,
        }
        if self.orders is not None and self.lines is not None and not self.lines.file:
            tables["lines"] = self.lines.model_copy(update={"file": self.orders.file, "sheet": self.orders.sheet})
        return {name: table for name, table in tables.items() if table is not None}

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.orders is None:
            return self
        columns, defaults = self.orders.columns, self.orders.defaults
        if columns.placed_at is None and defaults.placed_at is None:
            raise ValueError("orders.columns.placed_at: an order needs the time at which it was placed")
        if self.currency is None and columns.currency is None:
            raise ValueError("currency: name the currency, or orders.columns.currency")
        if columns.status is not None and not self.orders.states:
            raise ValueError("orders.states: say which state each value of the status column means")
        if self.customers is not None and columns.customer is None:
            raise ValueError("orders.columns.customer: name the column that joins an order to [customers]")
        return self


def load_mapping(path: Path) -> MappingFile:
    """The mapping in a TOML file.

    Raises:
        BadMapping: it is not there, not TOML, has unknown keys (the nearest known one is named) or wrong values.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadMapping(path.name, [f"cannot be read: {error.strerror or error}"]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadMapping(path.name, [f"is not TOML: {error}"]) from error
    unknown = list(_unknown_keys(MappingFile, table))
    if unknown:
        raise BadMapping(path.name, unknown)
    try:
        return MappingFile.model_validate(table)
    except ValidationError as error:
        problems = [_problem(each["loc"], each["msg"]) for each in error.errors(include_url=False)]
        raise BadMapping(path.name, problems) from error


def _unknown_keys(model: type[BaseModel], table: Mapping[str, Any], path: str = "") -> Iterator[str]:
    for key, value in table.items():
        field = model.model_fields.get(key)
        if field is None:
            nearest = get_close_matches(key, model.model_fields, n=1)
            hint = f"did you mean {nearest[0]}?" if nearest else f"known: {', '.join(model.model_fields)}"
            yield f"unknown key {path}{key} ({hint})"
        elif isinstance(value, Mapping) and (inner := _model_of(field.annotation)) is not None:
            yield from _unknown_keys(inner, value, f"{path}{key}.")


def _model_of(annotation: Any) -> type[BaseModel] | None:  # noqa: ANN401  (a type, or a union of types)
    candidates = (annotation, *getattr(annotation, "__args__", ()))
    return next((each for each in candidates if isinstance(each, type) and issubclass(each, BaseModel)), None)


def _problem(loc: tuple[int | str, ...], message: str) -> str:
    place = ".".join(str(part) for part in loc)
    text = message.removeprefix("Value error, ")
    return f"{place}: {text}" if place else text
