"""The only package of Packhouse that plugins import.

Everything that `__all__` names, and every hook, stays as it is for as long as a host accepts the API version that a plugin
was written for (`PluginManifest.api`; accepted are `ACCEPTED_API_VERSIONS`).

**May be added** within an API version: a name, a hook, an argument of a hook, a field with a default, a member of an enum, a
member of a Protocol that the host implements (`PluginContext`). So a plugin takes enum members that it does not know as "something
else", and names the fields of what it builds.

**May not be changed** within an API version: a name taken away or renamed, a field without a default, a type, a default, a
member of a Protocol that plugins implement (a provider that can do more implements one Protocol more).

**Taken away** is what has been deprecated: it warns with `SdkDeprecation`, which names the release that began to warn, the API
version that it goes with, and what to use instead (`packhouse.sdk.deprecation` says how each kind is marked). It goes when the
last API version that has it is no longer accepted; a new API version is accepted beside the one before it for at least one
release. `packhouse plugin check` fails a plugin that still uses it.

`tests/sdk/surface.txt` holds all of this, word for word, and a test compares. `packhouse docs sdk` prints it with its meaning.
"""

from typing import TYPE_CHECKING

from packhouse.sdk.access import AccessToken, AccessTokens
from packhouse.sdk.carriers import (
    BuysLabels,
    LabelRequest,
    PurchasedLabel,
    QuoteRequest,
    Quotes,
    ShippingQuote,
    TrackingStatus,
    TrackingUpdate,
    Tracks,
    VoidsLabels,
)
from packhouse.sdk.channels import (
    IncomingLine,
    IncomingOrder,
    IncomingPayment,
    ListedStock,
    OrderPage,
    PullsOrders,
    PushedStock,
    PushesShipments,
    PushesStock,
    ReadsHistory,
    ReadsStock,
    ReadsWebhooks,
    ShipmentNotice,
    ShownStock,
    ShowsStock,
    StockPush,
    WebhookEnvelope,
)
from packhouse.sdk.consents import Consent, ConsentPurpose, ConsentState, IncomingConsent
from packhouse.sdk.context import PluginContext, PluginState
from packhouse.sdk.contributions import (
    ACCEPTED_API_VERSIONS,
    API_VERSION,
    Facts,
    Objection,
    PluginAnswer,
    PluginJob,
    PluginManifest,
    PluginRequest,
    PluginRoute,
    Recipient,
    Verdict,
)
from packhouse.sdk.deprecation import Deprecation, SdkDeprecation, moved
from packhouse.sdk.errors import (
    BadMapping,
    InvalidValue,
    PackhouseError,
    ProviderAuthFailed,
    ProviderError,
    ProviderGone,
    ProviderInDoubt,
    ProviderRateLimited,
    ProviderRefused,
    ProviderUnavailable,
    QueryRefused,
    QueryUnanswered,
    Refused,
    Unreadable,
    WebhookRejected,
)
from packhouse.sdk.events import Event, EventType
from packhouse.sdk.history import (
    History,
    HistoryLine,
    HistoryLocation,
    HistoryOrder,
    HistoryPayment,
    HistoryProduct,
    HistoryReview,
    HistoryShipment,
    HistoryStatus,
    ReadingProgress,
    RejectedRow,
    SourceRow,
    StockList,
    StockRow,
)
from packhouse.sdk.hookspecs import hookimpl
from packhouse.sdk.networks import (
    CancelsFulfillment,
    FulfillmentChange,
    FulfillmentItem,
    FulfillmentOffer,
    FulfillmentPreview,
    FulfillmentRequest,
    FulfillsOrders,
    NetworkShipment,
    NetworkStatus,
    NetworkStock,
    NetworkStockPage,
    NetworkUpdate,
    PreviewsFulfillment,
    ReportsStock,
    TracksFulfillment,
    UpdatesFulfillment,
)
from packhouse.sdk.payments import RefundReceipt, RefundRequest, Refunds
from packhouse.sdk.providers import Provider, Providers
from packhouse.sdk.reviews import (
    CollectsReviews,
    IncomingReview,
    ReadsReviews,
    RepliesToReviews,
    ReplyRequest,
    ReviewInvitation,
    ReviewPage,
    ReviewProduct,
    ReviewReply,
)
from packhouse.sdk.routing import (
    RoutingCandidate,
    RoutingItem,
    RoutingOpinion,
    RoutingQuestion,
    RoutingRule,
)
from packhouse.sdk.snapshots import (
    CustomerSnapshot,
    OrderLineSnapshot,
    OrderSnapshot,
    ShipmentLineSnapshot,
    ShipmentSnapshot,
)
from packhouse.sdk.tables import TableRow, read_table
from packhouse.sdk.values import (
    Address,
    Dimensions,
    Money,
    Parcel,
    ParcelItem,
    ShippingSpeed,
    fact_id,
    global_id,
    new_id,
    now,
)
from packhouse.sdk.vendors import AnswerUnreadable, Vendor, VendorAnswer
from packhouse.sdk.xlsx import CellError, TableCell

__all__ = [
    "ACCEPTED_API_VERSIONS",
    "API_VERSION",
    "AccessToken",
    "AccessTokens",
    "Address",
    "AnswerUnreadable",
    "BadMapping",
    "BuysLabels",
    "CancelsFulfillment",
    "CellError",
    "CollectsReviews",
    "Consent",
    "ConsentPurpose",
    "ConsentState",
    "CustomerSnapshot",
    "Dimensions",
    "Event",
    "EventType",
    "Facts",
    "FulfillmentChange",
    "FulfillmentItem",
    "FulfillmentOffer",
    "FulfillmentPreview",
    "FulfillmentRequest",
    "FulfillsOrders",
    "History",
    "HistoryLine",
    "HistoryLocation",
    "HistoryOrder",
    "HistoryPayment",
    "HistoryProduct",
    "HistoryReview",
    "HistoryShipment",
    "HistoryStatus",
    "IncomingConsent",
    "IncomingLine",
    "IncomingOrder",
    "IncomingPayment",
    "IncomingReview",
    "InvalidValue",
    "LabelRequest",
    "ListedStock",
    "Money",
    "NetworkShipment",
    "NetworkStatus",
    "NetworkStock",
    "NetworkStockPage",
    "NetworkUpdate",
    "Objection",
    "OrderLineSnapshot",
    "OrderPage",
    "OrderSnapshot",
    "PackhouseError",
    "Parcel",
    "ParcelItem",
    "PluginAnswer",
    "PluginContext",
    "PluginJob",
    "PluginManifest",
    "PluginRequest",
    "PluginRoute",
    "PluginState",
    "PreviewsFulfillment",
    "Provider",
    "ProviderAuthFailed",
    "ProviderError",
    "ProviderGone",
    "ProviderInDoubt",
    "ProviderRateLimited",
    "ProviderRefused",
    "ProviderUnavailable",
    "Providers",
    "PullsOrders",
    "PurchasedLabel",
    "PushedStock",
    "PushesShipments",
    "PushesStock",
    "QueryRefused",
    "QueryUnanswered",
    "QuoteRequest",
    "Quotes",
    "ReadingProgress",
    "ReadsHistory",
    "ReadsReviews",
    "ReadsStock",
    "ReadsWebhooks",
    "Recipient",
    "RefundReceipt",
    "RefundRequest",
    "Refunds",
    "Refused",
    "RejectedRow",
    "RepliesToReviews",
    "ReplyRequest",
    "ReportsStock",
    "ReviewInvitation",
    "ReviewPage",
    "ReviewProduct",
    "ReviewReply",
    "RoutingCandidate",
    "RoutingItem",
    "RoutingOpinion",
    "RoutingQuestion",
    "RoutingRule",
    "SdkDeprecation",
    "ShipmentLineSnapshot",
    "ShipmentNotice",
    "ShipmentSnapshot",
    "ShippingQuote",
    "ShippingSpeed",
    "ShownStock",
    "ShowsStock",
    "SourceRow",
    "StockList",
    "StockPush",
    "StockRow",
    "TableCell",
    "TableRow",
    "TrackingStatus",
    "TrackingUpdate",
    "Tracks",
    "TracksFulfillment",
    "Unreadable",
    "UpdatesFulfillment",
    "Vendor",
    "VendorAnswer",
    "Verdict",
    "VoidsLabels",
    "WebhookEnvelope",
    "WebhookRejected",
    "fact_id",
    "global_id",
    "hookimpl",
    "new_id",
    "now",
    "read_table",
]

DEPRECATED_NAMES: dict[str, tuple[object, Deprecation]] = {}
"""Names that were in `__all__` and will go, with what they stand for."""


if not TYPE_CHECKING:  # a type checker would take it that every name exists

    def __getattr__(name: str) -> object:
        """A name that will go, with a warning."""
        return moved(DEPRECATED_NAMES, __name__, name)
