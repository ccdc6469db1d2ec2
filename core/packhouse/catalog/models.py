"""What is sold, and for how much."""

from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint

from packhouse.storage.fields import Moment
from packhouse.storage.rows import Row


class Variant(Row):
    """A thing that can be sold and kept in stock. Weight in grams, size in millimetres.

    Until `available_from` it is sold as a pre-order: nothing of it leaves before.
    """

    sku = fields.CharField(max_length=100, unique=True)
    barcode = fields.CharField(max_length=64, default="")
    title = fields.CharField(max_length=255)
    url = fields.CharField(max_length=1000, default="", db_default="")
    image_url = fields.CharField(max_length=1000, default="", db_default="")
    weight_grams = fields.IntField(null=True)
    length_mm = fields.IntField(null=True)
    width_mm = fields.IntField(null=True)
    height_mm = fields.IntField(null=True)
    hs_code = fields.CharField(max_length=16, default="")
    country_of_origin = fields.CharField(max_length=2, default="")
    requires_shipping = fields.BooleanField(default=True)
    is_bundle = fields.BooleanField(default=False, db_default=False)
    is_demo = fields.BooleanField(default=False)
    available_from = Moment(null=True)
    created_at = Moment()

    class Meta:
        table = "variant"
        indexes = [Index(fields=("barcode",), name="variant_barcode")]


class BundleComponent(Row):
    """Units of a component in one unit of a bundle; a component may be a bundle, whose components are none."""

    bundle: fields.ForeignKeyRelation[Variant] = fields.ForeignKeyField(
        "packhouse.Variant", related_name="components", on_delete=fields.RESTRICT
    )
    bundle_id: UUID
    component: fields.ForeignKeyRelation[Variant] = fields.ForeignKeyField(
        "packhouse.Variant", related_name="containers", on_delete=fields.RESTRICT
    )
    component_id: UUID
    quantity = fields.IntField()

    class Meta:
        table = "bundle_component"
        unique_together = (("bundle", "component"),)
        indexes = [Index(fields=("component_id",), name="bundle_component_component")]
        constraints = (CheckConstraint(check="quantity > 0", name="bundle_component_quantity_positive"),)


class PriceList(Row):
    """Prices of one channel in one currency, for a customer group and a period; empty and null mean any."""

    code = fields.CharField(max_length=64, unique=True)
    channel = fields.CharField(max_length=64, default="")
    currency = fields.CharField(max_length=3)
    customer_group = fields.CharField(max_length=64, default="")
    valid_from = Moment(null=True)
    valid_to = Moment(null=True)
    is_demo = fields.BooleanField(default=False)

    class Meta:
        table = "price_list"
        indexes = [Index(fields=("channel", "currency"), name="price_list_channel")]


class Price(Row):
    """The price of one unit from a quantity on; `amount` in minor units of the list's currency."""

    price_list: fields.ForeignKeyRelation[PriceList] = fields.ForeignKeyField(
        "packhouse.PriceList", related_name="prices", on_delete=fields.RESTRICT
    )
    price_list_id: UUID
    variant: fields.ForeignKeyRelation[Variant] = fields.ForeignKeyField(
        "packhouse.Variant", related_name="prices", on_delete=fields.RESTRICT
    )
    variant_id: UUID
    min_quantity = fields.IntField(default=1)
    amount = fields.BigIntField()

    class Meta:
        table = "price"
        unique_together = (("variant", "price_list", "min_quantity"),)
        indexes = [Index(fields=("price_list_id",), name="price_price_list")]
        constraints = (
            CheckConstraint(check="amount >= 0", name="price_amount_not_negative"),
            CheckConstraint(check="min_quantity >= 1", name="price_min_quantity_positive"),
        )
