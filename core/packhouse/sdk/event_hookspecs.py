"""The hooks by which a plugin is told of events: one for each type of `EventType`, and one for all."""

from packhouse.sdk.context import PluginContext
from packhouse.sdk.events import Event
from packhouse.sdk.hookmarkers import hookspec
from packhouse.sdk.snapshots import CustomerSnapshot, OrderSnapshot


class Deliver:
    """Called after the commit, at least once, in order per order or customer, retried until it works. `event.id` is the idempotency key.

    `order` is the order as it stands now, None for events that belong to no order. Until an event works, or is given up, the later
    ones of its order wait; then they go on, so a hook cannot count on having heard of everything before.
    """

    @hookspec
    async def event_recorded(self, event: Event, order: OrderSnapshot | None, context: PluginContext) -> None:
        """Every event, of whatever type."""

    @hookspec
    async def order_placed(self, event: Event, order: OrderSnapshot | None, context: PluginContext) -> None:
        """An order was placed on a channel."""

    @hookspec
    async def order_confirmed(self, event: Event, order: OrderSnapshot | None, context: PluginContext) -> None:
        """An order was confirmed: its stock is allocated and its work is given out."""

    @hookspec
    async def order_changed(self, event: Event, order: OrderSnapshot | None, context: PluginContext) -> None:
        """An order's data changed on its channel or by hand."""

    @hookspec
    async def order_held(self, event: Event, order: OrderSnapshot | None, context: PluginContext) -> None:
        """A hold was placed: nothing of the order is picked or shipped."""

    @hookspec
    async def order_released(self, event: Event, order: OrderSnapshot | None, context: PluginContext) -> None:
        """A hold was released; the payload says whether others remain."""

    @hookspec
    async def order_cancelled(self, event: Event, order: OrderSnapshot | None, context: PluginContext) -> None:
        """An order was cancelled, or lines of it."""

    @hookspec
    async def order_completed(self, event: Event, order: OrderSnapshot | None, context: PluginContext) -> None:
        """Everything of the order that was not cancelled was delivered."""

    @hookspec
    async def payment_recorded(self, event: Event, order: OrderSnapshot | None, context: PluginContext) -> None:
        """A payment event was recorded: kind, outcome and amount are in the payload."""

    @hookspec
    async def stock_adjusted(self, event: Event, order: OrderSnapshot | None, context: PluginContext) -> None:
        """Units of a variant at a location were received, counted, damaged, returned or corrected."""

    @hookspec
    async def stock_moved(self, event: Event, order: OrderSnapshot | None, context: PluginContext) -> None:
        """Stock was held for a checkout, given back, or moved in another way that no other event tells of."""

    @hookspec
    async def stock_changed(self, event: Event, order: OrderSnapshot | None, context: PluginContext) -> None:
        """What a channel may sell of a variant changed: the payload has the channel, the SKU and the new number of units.

        Many movements close together are one event, with the newest number.
        """

    @hookspec
    async def awaited_stock_changed(self, event: Event, order: OrderSnapshot | None, context: PluginContext) -> None:
        """Stock that orders wait for came free at a location, or is expected otherwise than before; of no order."""

    @hookspec
    async def order_backordered(self, event: Event, order: OrderSnapshot | None, context: PluginContext) -> None:
        """Units of the order wait for stock: how many of which, where, and when they are expected."""

    @hookspec
    async def stock_assigned(self, event: Event, order: OrderSnapshot | None, context: PluginContext) -> None:
        """Stock that came was given to the waiting order; the payload explains why it was its turn."""

    @hookspec
    async def backorder_rescheduled(self, event: Event, order: OrderSnapshot | None, context: PluginContext) -> None:
        """What the order waits for is expected at another time than before."""

    @hookspec
    async def stock_count_changed(self, event: Event, context: PluginContext) -> None:
        """A stock count was made, or went on: its status and the one before are in the payload."""

    @hookspec
    async def lot_changed(self, event: Event, context: PluginContext) -> None:
        """Units of a lot were put in quarantine by hand, or released: `lot_id`, `sku`, `lot` and `status`."""

    @hookspec
    async def lot_recalled(self, event: Event, order: OrderSnapshot | None, context: PluginContext) -> None:
        """A lot was recalled: the payload has its id, SKU, code and expiry. Who received units of it is `lotRecipients`."""

    @hookspec
    async def stock_terms_changed(self, event: Event, context: PluginContext) -> None:
        """How many units of a variant may wait for stock at a location was set: `sku`, `location_id` and the limits."""

    @hookspec
    async def reservation_extended(self, event: Event, context: PluginContext) -> None:
        """A checkout holds its units for longer: `reservation_id` and `expires_at`."""

    @hookspec
    async def inbound_rescheduled(self, event: Event, context: PluginContext) -> None:
        """Goods on their way are expected at another time: `inbound_id`, and `expected_at`, null where nobody knows."""

    @hookspec
    async def fulfillment_requested(self, event: Event, order: OrderSnapshot | None, context: PluginContext) -> None:
        """A location was asked to fulfil lines of the order."""

    @hookspec
    async def fulfillment_submitted(self, event: Event, order: OrderSnapshot | None, context: PluginContext) -> None:
        """Somebody else was given the work, and has not said yet whether they do it."""

    @hookspec
    async def fulfillment_accepted(self, event: Event, order: OrderSnapshot | None, context: PluginContext) -> None:
        """Somebody else accepted the work."""

    @hookspec
    async def fulfillment_started(self, event: Event, order: OrderSnapshot | None, context: PluginContext) -> None:
        """Picking started."""

    @hookspec
    async def fulfillment_picked(self, event: Event, order: OrderSnapshot | None, context: PluginContext) -> None:
        """Units of work were taken from their bin, or put back (below nothing): `fulfillment_order_id`, `location_id`, `sku`, `units`."""

    @hookspec
    async def fulfillment_packed(self, event: Event, order: OrderSnapshot | None, context: PluginContext) -> None:
        """All of a fulfillment order is packed."""

    @hookspec
    async def fulfillment_failed(self, event: Event, order: OrderSnapshot | None, context: PluginContext) -> None:
        """A location rejected the work, or could not complete it."""

    @hookspec
    async def fulfillment_cancelled(self, event: Event, order: OrderSnapshot | None, context: PluginContext) -> None:
        """A fulfillment order was cancelled before it was shipped, or taken back from somebody else."""

    @hookspec
    async def fulfillment_timed_out(self, event: Event, order: OrderSnapshot | None, context: PluginContext) -> None:
        """Somebody else did not accept the work in time."""

    @hookspec
    async def fulfillment_cancellation_requested(
        self, event: Event, order: OrderSnapshot | None, context: PluginContext
    ) -> None:
        """Somebody else is asked to give work back."""

    @hookspec
    async def fulfillment_cancellation_rejected(
        self, event: Event, order: OrderSnapshot | None, context: PluginContext
    ) -> None:
        """Somebody else was asked to give work back, and goes on with it."""

    @hookspec
    async def fulfillment_change_refused(
        self, event: Event, order: OrderSnapshot | None, context: PluginContext
    ) -> None:
        """Somebody else does not take over a change of work that was given to them."""

    @hookspec
    async def parcel_packed(self, event: Event, order: OrderSnapshot | None, context: PluginContext) -> None:
        """A parcel was packed: `parcel_id`, `fulfillment_order_id`, `location_id` and `weight_grams`. `fulfillment_packed` tells of the last one."""

    @hookspec
    async def parcel_unpacked(self, event: Event, order: OrderSnapshot | None, context: PluginContext) -> None:
        """A parcel was taken apart again: `parcel_id`, `fulfillment_order_id` and `location_id`."""

    @hookspec
    async def shipment_created(self, event: Event, order: OrderSnapshot | None, context: PluginContext) -> None:
        """A parcel has a shipment, which has not left: `shipment_id`, `parcel_id` and `fulfillment_order_id`."""

    @hookspec
    async def label_purchased(self, event: Event, order: OrderSnapshot | None, context: PluginContext) -> None:
        """A label was bought for a shipment."""

    @hookspec
    async def label_voided(self, event: Event, order: OrderSnapshot | None, context: PluginContext) -> None:
        """A label was voided."""

    @hookspec
    async def shipment_dispatched(self, event: Event, order: OrderSnapshot | None, context: PluginContext) -> None:
        """A shipment was handed over to the carrier."""

    @hookspec
    async def tracking_updated(self, event: Event, order: OrderSnapshot | None, context: PluginContext) -> None:
        """A carrier's scan was recorded."""

    @hookspec
    async def shipment_delivered(self, event: Event, order: OrderSnapshot | None, context: PluginContext) -> None:
        """A shipment was delivered."""

    @hookspec
    async def return_requested(self, event: Event, order: OrderSnapshot | None, context: PluginContext) -> None:
        """A customer asked to return units."""

    @hookspec
    async def return_approved(self, event: Event, order: OrderSnapshot | None, context: PluginContext) -> None:
        """A return was approved."""

    @hookspec
    async def return_declined(self, event: Event, order: OrderSnapshot | None, context: PluginContext) -> None:
        """A return was declined."""

    @hookspec
    async def return_cancelled(self, event: Event, order: OrderSnapshot | None, context: PluginContext) -> None:
        """A return was called off before anything came back."""

    @hookspec
    async def return_received(self, event: Event, order: OrderSnapshot | None, context: PluginContext) -> None:
        """Returned units arrived."""

    @hookspec
    async def return_inspected(self, event: Event, order: OrderSnapshot | None, context: PluginContext) -> None:
        """Returned units were inspected: what became of each is in the payload."""

    @hookspec
    async def return_closed(self, event: Event, order: OrderSnapshot | None, context: PluginContext) -> None:
        """A return is finished: every unit has a disposition and its money is settled."""

    @hookspec
    async def refund_made(self, event: Event, order: OrderSnapshot | None, context: PluginContext) -> None:
        """Money was given back."""

    @hookspec
    async def refund_denied(self, event: Event, order: OrderSnapshot | None, context: PluginContext) -> None:
        """It was decided that no money goes back for lines of a return."""

    @hookspec
    async def review_requested(self, event: Event, order: OrderSnapshot | None, context: PluginContext) -> None:
        """A customer was asked for a review: `platform`, `order_number`, `skus`, `review_request_id`."""

    @hookspec
    async def feedback_received(self, event: Event, order: OrderSnapshot | None, context: PluginContext) -> None:
        """A review came in: `review_id`, `order_number`, `platform`, `score` (1 to 5), `language`, and for a review of a
        product its `sku`, `product_title` and `order_line_id` (empty, empty and null for one of the whole order).

        What the customer wrote is not in the event, because the log is never changed: read it by `review_id`.
        """

    @hookspec
    async def feedback_changed(self, event: Event, order: OrderSnapshot | None, context: PluginContext) -> None:
        """A customer edited a review: as `feedback_received`, and `previous_score`."""

    @hookspec
    async def feedback_removed(self, event: Event, order: OrderSnapshot | None, context: PluginContext) -> None:
        """A review is no longer on its platform: as `feedback_received`. Its text is erased here, too."""

    @hookspec
    async def review_replied(self, event: Event, order: OrderSnapshot | None, context: PluginContext) -> None:
        """A review was answered in public, by us or on the platform itself: as `feedback_received`."""

    @hookspec
    async def consent_changed(self, event: Event, customer: CustomerSnapshot | None, context: PluginContext) -> None:
        """A customer granted, denied or took back a consent; in order per customer. `customer` is as it stands now."""

    @hookspec
    async def feedback_dismissed(self, event: Event, context: PluginContext) -> None:
        """Somebody put away a review that is about no order of ours: `quarantined_review_id`, `platform`. Its text is erased."""

    @hookspec
    async def variant_changed(self, event: Event, context: PluginContext) -> None:
        """Something that is sold was created, or changed: `variant_id`, `sku`, and what `change` it was (created, described,
        bundle, preorder, lots).
        """

    @hookspec
    async def price_changed(self, event: Event, context: PluginContext) -> None:
        """A price was set: `sku`, `price_list`, `channel` (empty: every channel), `min_quantity`, `amount` and `currency`."""

    @hookspec
    async def location_changed(self, event: Event, context: PluginContext) -> None:
        """A location was created, or changed: `location_id`, `code`, and what `change` it was (created, active, calendar, bin)."""

    @hookspec
    async def channel_changed(self, event: Event, context: PluginContext) -> None:
        """A channel was created, or what it sells changed: `code`, and what `change` it was (created, buffer, listing, locations)."""

    @hookspec
    async def routing_changed(self, event: Event, context: PluginContext) -> None:
        """Orders are routed or promised by something new: what `change` it was (rules, transit_times, country_calendar, rates,
        postcodes), and of what.
        """

    @hookspec
    async def plugin_changed(self, event: Event, context: PluginContext) -> None:
        """Somebody changed a plugin, or paused its deliveries: `plugin`, and what `change` it was; never a setting's value."""

    @hookspec
    async def access_token_created(self, event: Event, context: PluginContext) -> None:
        """An access token was made: `name`, and what it may do `after` (`permissions`, `expires_at`: null without end); `before` is null.

        Nothing of the token itself is in any event.
        """

    @hookspec
    async def access_token_changed(self, event: Event, context: PluginContext) -> None:
        """An access token may do something else now: `name`, and its `permissions` and `expires_at`, `before` and `after`."""

    @hookspec
    async def access_token_revoked(self, event: Event, context: PluginContext) -> None:
        """An access token is valid no more: `name`, and what it could do `before`; `after` is null."""
