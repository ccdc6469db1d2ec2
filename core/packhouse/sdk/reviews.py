"""Review platforms: asking for reviews, reading them, answering them. See `providers` for the rules."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class ReviewProduct:
    """A product that a customer is asked about. `barcode` is its EAN or UPC; what is not known is empty."""

    sku: str
    title: str
    barcode: str = ""
    url: str = ""
    image_url: str = ""


@dataclass(frozen=True, slots=True)
class ReviewInvitation:
    """Asks a customer for a review of what was delivered and not sent back.

    `reference` names the invitation and nothing else; `order_number` is what the customer knows. `send_at` is when the
    customer is to be asked, which may have passed. `locale` is a language tag such as en-GB, `country` the ISO 3166 code of
    where it was sent; both are empty where they are not known.
    """

    idempotency_key: str
    reference: str
    order_number: str
    email: str
    customer_name: str
    products: tuple[ReviewProduct, ...]
    delivered_at: datetime
    send_at: datetime
    channel: str = ""
    locale: str = ""
    country: str = ""

    @property
    def skus(self) -> tuple[str, ...]:
        """The SKUs of its products."""
        return tuple(product.sku for product in self.products)


@dataclass(frozen=True, slots=True)
class ReviewReply:
    """What the business answered to a review, as the platform shows it."""

    text: str
    replied_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class IncomingReview:
    """A review that came back. `score` is 1 to 5; `sku` is empty for a review of the delivery or the shop.

    `external_id` is the platform's own and never changes; `order_number` is the order's number, or the `reference` of its
    invitation. One that was edited comes again with a newer `edited_at`, or with other content where the platform tells no
    time. `email` is only used to choose between orders with one number, and is not kept; nor is anything else of the writer.
    `problem` is why the platform's answer cannot be used: the review waits in quarantine with it.
    """

    external_id: str
    order_number: str
    score: int
    title: str = ""
    body: str = ""
    sku: str = ""
    created_at: datetime | None = None
    edited_at: datetime | None = None
    language: str = ""
    reply: ReviewReply | None = None
    is_removed: bool = False
    email: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """Reviews since a cursor, and the cursor to go on from; `more` says that going on at once brings more.

    Reviews may come again (windows that overlap): they are told apart by their `external_id`.
    """

    reviews: tuple[IncomingReview, ...]
    cursor: str | None = None
    more: bool = False


@dataclass(frozen=True, slots=True)
class ReplyRequest:
    """What to answer to a review, for everybody to read; `external_id` is the review's own."""

    idempotency_key: str
    external_id: str
    text: str


@runtime_checkable
class CollectsReviews(Protocol):
    """Invites customers, and gives the reviews that came back after a cursor (None: from the beginning).

    `invite` gives the platform's id of the invitation, or what it is known by there. It is not repeated when in doubt.
    """

    async def invite(self, invitation: ReviewInvitation) -> str: ...
    async def pull_reviews(self, cursor: str | None) -> ReviewPage: ...


@runtime_checkable
class ReadsReviews(Protocol):
    """Gives one review as it stands now; None where the platform has it no longer."""

    async def read_review(self, external_id: str) -> IncomingReview | None: ...


@runtime_checkable
class RepliesToReviews(Protocol):
    """Answers a review in public, and can say what was answered already (None: nothing)."""

    async def reply(self, request: ReplyRequest) -> ReviewReply: ...
    async def find_reply(self, external_id: str) -> ReviewReply | None: ...
