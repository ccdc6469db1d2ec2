"""Placing orders on a channel, and looking after channels and what they sent."""

from datetime import datetime
from uuid import UUID

import strawberry
from strawberry import relay

from packhouse.channels.commands.add_listing import AddListing, add_listing
from packhouse.channels.commands.create_channel import CreateChannel, create_channel, takes_orders
from packhouse.channels.commands.retry_message import retry_message
from packhouse.channels.graphql.types import Channel, InboundMessage, Listing
from packhouse.ordering.commands.place import place_order
from packhouse.ordering.data import PlaceLine, PlaceOrder, PlacePayment
from packhouse.ordering.graphql.mutations import OrderPayload, order_payload
from packhouse.sdk import Money, ShippingSpeed
from packhouse.web.context import Info
from packhouse.web.graphql.address import AddressInput
from packhouse.web.graphql.ids import node_id
from packhouse.web.graphql.money import MoneyInput
from packhouse.web.graphql.payloads import UserError, attempt


@strawberry.input(description="A line to order.")
class PlaceOrderLineInput:
    sku: str = strawberry.field(description="SKU of the variant.")
    quantity: int = strawberry.field(description="Units, from 1 on.")
    unit_price: MoneyInput | None = strawberry.field(
        default=None, description="What the customer was shown; refused when the price list says otherwise."
    )
    discount: MoneyInput | None = strawberry.field(default=None, description="Taken off the whole line.")
    tax: MoneyInput | None = strawberry.field(default=None, description="Tax on the whole line.")
    external_id: str = strawberry.field(default="", description="The channel's own id of the line.")


@strawberry.input(description="Money that is known of when the order is placed.")
class PlaceOrderPaymentInput:
    kind: str = strawberry.field(description="authorization or charge.")
    amount: MoneyInput = strawberry.field(description="How much.")
    external_id: str = strawberry.field(default="", description="The provider's own id of it.")
    provider: str = strawberry.field(default="", description="Code of the payment provider, for refunds.")
    method: str = strawberry.field(default="", description="How it was paid: card, voucher.")


@strawberry.input(description="An order to place.")
class PlaceOrderInput:
    channel: str = strawberry.field(description="Code of the channel it is placed on.")
    currency: str = strawberry.field(description="ISO 4217 code of all its amounts.")
    lines: list[PlaceOrderLineInput] = strawberry.field(description="What is ordered.")
    email: str = strawberry.field(default="", description="The buyer's e-mail address.")
    customer_name: str = strawberry.field(default="", description="The buyer's name.")
    locale: str = strawberry.field(default="", description="Language tag that the buyer shopped in: en-GB.")
    shipping_address: AddressInput | None = strawberry.field(default=None, description="Where it is sent.")
    billing_address: AddressInput | None = strawberry.field(default=None, description="Who is billed.")
    shipping: MoneyInput | None = strawberry.field(default=None, description="What the customer pays for shipping.")
    tax_included: bool = strawberry.field(default=False, description="Whether the prices include the tax.")
    external_id: str = strawberry.field(
        default="", description="The channel's own id: an order with the same one is placed once."
    )
    number: str = strawberry.field(default="", description="The channel's number for people; one is made without it.")
    payments: list[PlaceOrderPaymentInput] = strawberry.field(
        default_factory=list, description="Money that is known of."
    )
    promised_by: datetime | None = strawberry.field(default=None, description="When the customer was told it arrives.")
    shipping_speed: ShippingSpeed = strawberry.field(
        default=ShippingSpeed.STANDARD, description="How fast the customer wants it sent."
    )
    reservation_id: relay.GlobalID | None = strawberry.field(
        default=None, description="The reservation that holds the units for this buyer; it is consumed."
    )
    note: str = strawberry.field(default="", description="The customer's note.")
    tags: list[str] = strawberry.field(default_factory=list, description="Words to find it by.")
    priority: int = strawberry.field(
        default=0, description="Among orders that wait for the same, promised for one day: the higher, the sooner."
    )


@strawberry.input(description="A channel to create.")
class CreateChannelInput:
    code: str = strawberry.field(description="The channel's code: a-z, 0-9, - and _.")
    name: str = strawberry.field(description="The name for people.")


@strawberry.type(description="The channel that was created.")
class ChannelPayload:
    channel: Channel | None = strawberry.field(description="The channel; null where nothing was changed.")
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed; empty when it worked.")


@strawberry.input(description="What a channel calls one of our variants.")
class AddListingInput:
    channel: str = strawberry.field(description="Code of the channel.")
    channel_sku: str = strawberry.field(description="What the channel calls it.")
    sku: str = strawberry.field(description="What we call it.")


@strawberry.type(description="The listing that was added or changed.")
class ListingPayload:
    listing: Listing | None = strawberry.field(description="The listing; null where nothing was changed.")
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed; empty when it worked.")


@strawberry.input(description="A message to read again.")
class RetryInboundMessageInput:
    id: relay.GlobalID = strawberry.field(description="The message in quarantine.")


@strawberry.type(description="The message that will be read again.")
class InboundMessagePayload:
    message: InboundMessage | None = strawberry.field(description="The message; null where nothing was changed.")
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed; empty when it worked.")


@strawberry.type(description="Changes of channels, and orders placed on them.")
class ChannelsMutations:
    @strawberry.mutation(description="Place an order: priced, allocated and given out in one step, or refused whole.")
    async def place_order(self, info: Info, input: PlaceOrderInput) -> OrderPayload:
        context = info.context

        async def place() -> UUID:
            is_demo = await takes_orders(context.database, input.channel)
            data = _to_place(input, is_demo=is_demo)
            return await place_order(context.database, context.checks, context.by, data)

        return await order_payload(context.database, place())

    @strawberry.mutation(description="Create a channel whose orders are placed through this API.")
    async def create_channel(self, info: Info, input: CreateChannelInput) -> ChannelPayload:
        data = CreateChannel(input.code, input.name)
        context = info.context
        row, errors = await attempt(context.write(lambda uow: create_channel(uow, data)))
        return ChannelPayload(channel=Channel.of(row) if row else None, user_errors=errors)

    @strawberry.mutation(
        description="Say that a channel sells a variant, and what it calls it. Its plugin is told how many there are."
    )
    async def add_listing(self, info: Info, input: AddListingInput) -> ListingPayload:
        data = AddListing(input.channel, input.channel_sku, input.sku)
        context = info.context
        row, errors = await attempt(context.write(lambda uow: add_listing(uow, data)))
        return ListingPayload(listing=Listing.of(row) if row else None, user_errors=errors)

    @strawberry.mutation(description="Read a quarantined message again, after what was wrong has been mended.")
    async def retry_inbound_message(self, info: Info, input: RetryInboundMessageInput) -> InboundMessagePayload:
        context = info.context

        async def retry() -> InboundMessage:
            message_id = node_id(input.id, "InboundMessage", "id")
            return InboundMessage.of(await context.write(lambda uow: retry_message(uow, message_id)))

        message, errors = await attempt(retry())
        return InboundMessagePayload(message=message, user_errors=errors)


def _to_place(input: PlaceOrderInput, *, is_demo: bool) -> PlaceOrder:
    """The command's data.

    Raises:
        InvalidValue: an amount or an address that cannot be, with its field.
    """
    return PlaceOrder(
        channel=input.channel,
        currency=input.currency,
        lines=tuple(_line(line, f"lines.{index}") for index, line in enumerate(input.lines)),
        email=input.email,
        customer_name=input.customer_name,
        locale=input.locale,
        shipping_address=input.shipping_address.value("shippingAddress") if input.shipping_address else None,
        billing_address=input.billing_address.value("billingAddress") if input.billing_address else None,
        shipping=_money(input.shipping, "shipping"),
        tax_included=input.tax_included,
        external_id=input.external_id,
        number=input.number,
        payments=tuple(_payment(payment, f"payments.{index}") for index, payment in enumerate(input.payments)),
        promised_by=input.promised_by,
        shipping_speed=input.shipping_speed,
        reservation_id=node_id(input.reservation_id, "Reservation", "reservationId") if input.reservation_id else None,
        note=input.note,
        tags=tuple(input.tags),
        priority=input.priority,
        is_demo=is_demo,
    )


def _line(line: PlaceOrderLineInput, path: str) -> PlaceLine:
    return PlaceLine(
        sku=line.sku,
        quantity=line.quantity,
        unit_price=_money(line.unit_price, f"{path}.unitPrice"),
        discount=_money(line.discount, f"{path}.discount"),
        tax=_money(line.tax, f"{path}.tax"),
        external_id=line.external_id,
    )


def _payment(payment: PlaceOrderPaymentInput, path: str) -> PlacePayment:
    return PlacePayment(
        kind=payment.kind,
        amount=payment.amount.value(f"{path}.amount.amount"),
        external_id=payment.external_id,
        provider=payment.provider,
        method=payment.method,
    )


def _money(amount: MoneyInput | None, field: str) -> Money | None:
    return amount.value(f"{field}.amount") if amount else None
