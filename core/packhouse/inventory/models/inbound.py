"""Goods on their way to a location."""

from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint

from packhouse.catalog.models import Variant
from packhouse.inventory.models.levels import Location
from packhouse.storage.fields import Moment
from packhouse.storage.rows import Row


class InboundShipment(Row):
    """Goods on their way to a location, from a supplier or (`from_location`) from another location of ours."""

    location: fields.ForeignKeyRelation[Location] = fields.ForeignKeyField(
        "packhouse.Location", related_name="inbound_shipments", on_delete=fields.RESTRICT
    )
    location_id: UUID
    from_location: fields.ForeignKeyNullableRelation[Location] = fields.ForeignKeyField(
        "packhouse.Location", related_name="outbound_transfers", on_delete=fields.RESTRICT, null=True
    )
    from_location_id: UUID | None
    supplier = fields.CharField(max_length=255, default="")
    reference = fields.CharField(max_length=64, default="")
    status = fields.CharField(max_length=24)
    expected_at = Moment(null=True)
    created_at = Moment()
    closed_at = Moment(null=True)

    class Meta:
        table = "inbound_shipment"
        indexes = [
            Index(fields=("status", "created_at", "id"), name="inbound_shipment_status"),
            Index(fields=("location_id",), name="inbound_shipment_location"),
            Index(fields=("from_location_id",), name="inbound_shipment_from"),
        ]


class InboundLine(Row):
    """Units of a variant in an inbound shipment: how many were announced, and how many have come, which may be more."""

    inbound: fields.ForeignKeyRelation[InboundShipment] = fields.ForeignKeyField(
        "packhouse.InboundShipment", related_name="lines", on_delete=fields.RESTRICT
    )
    inbound_id: UUID
    variant: fields.ForeignKeyRelation[Variant] = fields.ForeignKeyField(
        "packhouse.Variant", related_name="inbound_lines", on_delete=fields.RESTRICT
    )
    variant_id: UUID
    sku = fields.CharField(max_length=100)
    expected = fields.IntField()
    received = fields.IntField(default=0)

    class Meta:
        table = "inbound_line"
        unique_together = (("inbound", "variant"),)
        indexes = [Index(fields=("variant_id",), name="inbound_line_variant")]
        constraints = (CheckConstraint(check="expected > 0 AND received >= 0", name="inbound_line_units"),)
