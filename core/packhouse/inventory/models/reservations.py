"""Units held for a checkout."""

from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint

from packhouse.catalog.models import Variant
from packhouse.inventory.models.levels import Location
from packhouse.storage.fields import Moment
from packhouse.storage.rows import Row


class Reservation(Row):
    """A checkout's soft hold on units until `expires_at`; `order_id` is the order that consumed it."""

    status = fields.CharField(max_length=16)
    expires_at = Moment()
    created_by = fields.CharField(max_length=64)
    created_at = Moment()
    ended_at = Moment(null=True)
    order_id = fields.UUIDField(null=True)

    class Meta:
        table = "reservation"
        indexes = [Index(fields=("status", "expires_at", "id"), name="reservation_due")]


class ReservationLine(Row):
    """Units of a variant at a location that a reservation holds, while it is active."""

    reservation: fields.ForeignKeyRelation[Reservation] = fields.ForeignKeyField(
        "packhouse.Reservation", related_name="lines", on_delete=fields.RESTRICT
    )
    reservation_id: UUID
    variant: fields.ForeignKeyRelation[Variant] = fields.ForeignKeyField(
        "packhouse.Variant", related_name="reservation_lines", on_delete=fields.RESTRICT
    )
    variant_id: UUID
    location: fields.ForeignKeyRelation[Location] = fields.ForeignKeyField(
        "packhouse.Location", related_name="reservation_lines", on_delete=fields.RESTRICT
    )
    location_id: UUID
    quantity = fields.IntField()

    class Meta:
        table = "reservation_line"
        unique_together = (("reservation", "variant", "location"),)
        indexes = [
            Index(fields=("variant_id", "location_id"), name="reservation_line_key"),
            Index(fields=("location_id",), name="reservation_line_location"),
        ]
        constraints = (CheckConstraint(check="quantity > 0", name="reservation_line_quantity_positive"),)
