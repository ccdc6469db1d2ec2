"""Amazon's words and what they mean to Packhouse.

Sources: SP-API Fulfillment Outbound 2026-07-04 (`OrderStatus`, `ShipmentPackageStatus`, `ServiceLevel`).
"""

from packhouse.sdk import NetworkStatus, ShippingSpeed, TrackingStatus

NETWORK = "amazon-mcf"
TITLE = "Amazon Multi-Channel Fulfillment"

# PRIORITY is available in Canada, India and Mexico only; SCHEDULED, which needs a delivery interval, in Japan only.
TIERS = {
    ShippingSpeed.STANDARD: "STANDARD",
    ShippingSpeed.EXPEDITED: "EXPEDITED",
    ShippingSpeed.PRIORITY: "PRIORITY",
}

# An order that is complete in part has shipped what it could: the rest of it has ended.
ORDER_STATUSES = {
    "PROCESSING": NetworkStatus.ACCEPTED,
    "COMPLETE": NetworkStatus.SHIPPED,
    "COMPLETE_PARTIAL": NetworkStatus.CANCELLED,
    "CANCELLED": NetworkStatus.CANCELLED,
    "UNFULFILLABLE": NetworkStatus.REJECTED,
    "INVALID": NetworkStatus.REJECTED,
}

REASONS = {
    "COMPLETE_PARTIAL": "Amazon sent a part of it, and cancelled the rest",
    "CANCELLED": "Amazon cancelled it",
    "UNFULFILLABLE": "Amazon cannot fulfil it",
    "INVALID": "Amazon calls the order invalid",
}

# From the beginning to the end; of a parcel in several packages the one that is least far counts.
PACKAGE_STATUSES = {
    "PROCESSING": TrackingStatus.PENDING,
    "IN_TRANSIT": TrackingStatus.IN_TRANSIT,
    "DELAYED": TrackingStatus.DELIVERY_DELAYED,
    "OUT_FOR_DELIVERY": TrackingStatus.OUT_FOR_DELIVERY,
    "EXPIRED": TrackingStatus.NEEDS_ATTENTION,
    "UNDELIVERABLE": TrackingStatus.NEEDS_ATTENTION,
    "DELIVERED": TrackingStatus.DELIVERED,
}
INCIDENTS = {"UNDELIVERABLE": "undeliverable", "EXPIRED": "tracking expired"}


def order_status(status: str) -> NetworkStatus:
    """Where an order stands; one that Amazon has not said anything of, or in a new word, was submitted."""
    return ORDER_STATUSES.get(status, NetworkStatus.SUBMITTED)


def package_status(status: str) -> TrackingStatus:
    """Where a package is."""
    return PACKAGE_STATUSES.get(status, TrackingStatus.UNKNOWN)
