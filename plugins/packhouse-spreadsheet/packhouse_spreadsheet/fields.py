"""What can be read out of each kind of file. Each field is the name of a column (in `columns`) or a text (in `defaults`)."""

from pydantic import BaseModel, ConfigDict


class Fields(BaseModel):
    """Fields of one kind of row."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)

    def named(self) -> dict[str, str]:
        """The fields that are set."""
        return {name: value for name, value in self if value is not None}


class AddressFields(Fields):
    """A postal address; `country` is ISO 3166-1 alpha-2."""

    name: str | None = None
    company: str | None = None
    line1: str | None = None
    line2: str | None = None
    city: str | None = None
    region: str | None = None
    postcode: str | None = None
    country: str | None = None


class CustomerFields(AddressFields):
    """A buyer; `customer_id` recognises the same person over many orders."""

    customer_id: str | None = None
    email: str | None = None
    phone: str | None = None


class OrderFields(CustomerFields):
    """An order. `customer` joins it to the file of customers; amounts are for the whole order."""

    customer: str | None = None
    number: str | None = None
    status: str | None = None
    currency: str | None = None
    placed_at: str | None = None
    confirmed_at: str | None = None
    shipped_at: str | None = None
    delivered_at: str | None = None
    completed_at: str | None = None
    cancelled_at: str | None = None
    cancel_reason: str | None = None
    promised_by: str | None = None
    shipping: str | None = None
    discount: str | None = None
    tax: str | None = None
    total: str | None = None
    carrier: str | None = None
    service: str | None = None
    tracking_number: str | None = None
    note: str | None = None


class LineFields(Fields):
    """A line; `shipping` is the line's share of the order's freight, `location` where it was sent from."""

    sku: str | None = None
    title: str | None = None
    quantity: str | None = None
    unit_price: str | None = None
    discount: str | None = None
    tax: str | None = None
    shipping: str | None = None
    location: str | None = None


class PaymentFields(Fields):
    """A payment; `kind` is authorization, charge (where nothing else is said) or refund."""

    amount: str | None = None
    method: str | None = None
    kind: str | None = None
    paid_at: str | None = None


class ReviewFields(Fields):
    """A review; `score` is 1 to 5."""

    score: str | None = None
    title: str | None = None
    body: str | None = None
    sku: str | None = None
    created_at: str | None = None
    answered_at: str | None = None


class ProductFields(Fields):
    """A product; weight and size in the units that the mapping names."""

    title: str | None = None
    barcode: str | None = None
    weight: str | None = None
    length: str | None = None
    width: str | None = None
    height: str | None = None


class LocationFields(AddressFields):
    """A place that sent goods; `title` is its name for people."""

    title: str | None = None


class StockFields(Fields):
    """A row of a stock list; `location` is the location's code, `bin` the shelf."""

    sku: str | None = None
    location: str | None = None
    counted: str | None = None
    quantity: str | None = None
    reference: str | None = None
    bin: str | None = None
    reason: str | None = None
