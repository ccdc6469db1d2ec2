from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

import pytest

from packhouse.inventory.models import Location
from packhouse.orders.models import Order
from packhouse.sdk import IncomingReview, Providers, ReplyRequest, ReviewInvitation, ReviewPage, ReviewReply, now
from packhouse.settings import Settings
from packhouse.storage import Database
from packhouse.testing.factories import make_delivered, make_order, make_shop

TABLES = ("review", "review_request", "quarantined_review", "review_cursor")

Snapshot = Callable[[], Awaitable[object]]


@dataclass
class Platform:
    """A review platform. `pages` by cursor ("" for the first); `error` is raised by an invitation, `pull_error` by a pull.

    `stands` is what it says of a single review; `reply_errors` are raised by the next replies, with `posts_anyway` after the reply
    was posted, as when an answer is lost.
    """

    code: str = "stars"
    title: str = "Stars"
    error: Exception | None = None
    pull_error: Exception | None = None
    invited: list[ReviewInvitation] = field(default_factory=list)
    pages: dict[str, ReviewPage] = field(default_factory=dict)
    asked: list[str | None] = field(default_factory=list)
    stands: dict[str, IncomingReview] = field(default_factory=dict)
    read: list[str] = field(default_factory=list)
    read_error: Exception | None = None
    replies: dict[str, ReviewReply] = field(default_factory=dict)
    reply_errors: list[Exception] = field(default_factory=list)
    posts_anyway: bool = False
    posted: list[ReplyRequest] = field(default_factory=list)

    async def invite(self, invitation: ReviewInvitation) -> str:
        self.invited.append(invitation)
        if self.error is not None:
            raise self.error
        return f"invitation-{len(self.invited)}"

    async def pull_reviews(self, cursor: str | None) -> ReviewPage:
        self.asked.append(cursor)
        if self.pull_error is not None:
            raise self.pull_error
        page = self.pages.get(cursor or "", ReviewPage((), cursor))
        return replace(page, more=page.cursor in self.pages)

    def says(self, *reviews: IncomingReview, after: str = "", cursor: str = "c1") -> None:
        self.pages[after] = ReviewPage(reviews, cursor)

    async def read_review(self, external_id: str) -> IncomingReview | None:
        self.read.append(external_id)
        if self.read_error is not None:
            raise self.read_error
        return self.stands.get(external_id)

    async def reply(self, request: ReplyRequest) -> ReviewReply:
        self.posted.append(request)
        reply = ReviewReply(request.text, now())
        if self.posts_anyway or not self.reply_errors:
            self.replies[request.external_id] = reply
        if self.reply_errors:
            raise self.reply_errors.pop(0)
        return reply

    async def find_reply(self, external_id: str) -> ReviewReply | None:
        return self.replies.get(external_id)


@dataclass
class House:
    """What a built-in plugin is given."""

    database: Database
    providers: Providers
    settings: Settings = field(default_factory=Settings)


@pytest.fixture
def platform() -> Platform:
    return Platform()


@pytest.fixture
def providers(platform: Platform) -> Providers:
    return Providers(reviews={platform.code: platform})


@pytest.fixture
def house(database: Database, providers: Providers) -> House:
    return House(database, providers)


@pytest.fixture
async def shop(database: Database) -> Location:
    return await make_shop(database)


@pytest.fixture
async def order(database: Database, shop: Location) -> Order:  # noqa: ARG001  (it holds the goods)
    """Two mugs and a plate, delivered."""
    placed = await make_order(database, {"MUG": 2, "PLATE": 1})
    await make_delivered(database, placed)
    return await Order.get(id=placed.id)


@pytest.fixture
def snapshot(database: Database) -> Snapshot:
    """Everything that the room may change, to compare before and after."""

    async def read() -> object:
        found = {table: await database.fetch(f'SELECT * FROM "{table}" ORDER BY id') for table in TABLES}
        events = await database.fetch("SELECT count(*) AS n FROM event")
        return {table: [tuple(row) for row in rows] for table, rows in found.items()}, events[0]["n"]

    return read
