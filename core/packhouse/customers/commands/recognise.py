"""Finding the buyer of an order among those we know, or getting to know a new one."""

from dataclasses import dataclass
from uuid import UUID

from packhouse.sdk import new_id, now
from packhouse.storage import UnitOfWork
from packhouse.storage.dialect import read_id


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who placed an order, as far as the channel says."""

    channel: str
    email: str = ""
    name: str = ""
    phone: str = ""
    external_id: str = ""
    is_demo: bool = False


async def recognise(uow: UnitOfWork, buyer: Buyer) -> UUID | None:
    """The id of the customer: by the channel's own id, else by e-mail address; a new one where neither is known.

    None when the channel says nothing about the buyer.
    """
    email = buyer.email.strip().lower()
    if not email and not buyer.external_id:
        return None
    if buyer.external_id:
        rows = await uow.fetch(
            "SELECT id FROM customer WHERE channel = $1 AND external_id = $2", buyer.channel, buyer.external_id
        )
    else:
        rows = await uow.fetch("SELECT id FROM customer WHERE email = $1 ORDER BY id LIMIT 1", email)
    if rows:
        return read_id(rows[0]["id"])
    customer_id = new_id()
    added = await uow.fetch(
        "INSERT INTO customer (id, email, name, phone, channel, external_id, is_demo, created_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
        " ON CONFLICT (channel, external_id) WHERE external_id <> '' DO NOTHING RETURNING id",
        customer_id,
        email,
        buyer.name[:255],
        buyer.phone[:64],
        buyer.channel,
        buyer.external_id,
        buyer.is_demo,
        now(),
    )
    return customer_id if added else await recognise(uow, buyer)
