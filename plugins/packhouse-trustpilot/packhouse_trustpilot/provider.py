"""The review platform itself: what Packhouse asks of Trustpilot, each as operations of this package."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from packhouse.sdk import IncomingReview, ReplyRequest, ReviewInvitation, ReviewPage, ReviewReply, now
from packhouse_trustpilot import product_reviews, service_reviews
from packhouse_trustpilot.client import TrustpilotClient
from packhouse_trustpilot.cursor import Cursor, Stream
from packhouse_trustpilot.failures import NotFound
from packhouse_trustpilot.invite import build_invitation, reference_of
from packhouse_trustpilot.mapping import Json
from packhouse_trustpilot.settings import TrustpilotSettings

CODE = "trustpilot"
TITLE = "Trustpilot"


class TrustpilotProvider:
    """Invites, pulls, reads and answers on Trustpilot. Every method raises the SDK's ProviderErrors only."""

    code = CODE
    title = TITLE

    def __init__(
        self,
        settings: TrustpilotSettings,
        client: TrustpilotClient,
        log: logging.Logger,
        clock: Callable[[], datetime] = now,
    ) -> None:
        self._settings = settings
        self._client = client
        self._log = log
        self._clock = clock
        self._finds_products = False

    async def invite(self, invitation: ReviewInvitation) -> str:
        """Have the customer asked, by Trustpilot's e-mail; gives the reference, because Trustpilot gives no id."""
        await self._client.call(build_invitation(invitation, self._settings, self._clock()), _anything)
        return reference_of(invitation, self._settings)

    async def pull_reviews(self, cursor: str | None) -> ReviewPage:
        """A page of what was written since the last round, and a bit before. The first round goes back `history_days`."""
        at = (Cursor.read(cursor) if cursor else None) or Cursor.beginning(self._clock(), self._history)
        if at.stream is Stream.SERVICE and not self._settings.service_reviews:
            at = at.to_products()
        if at.stream is Stream.PRODUCT and not self._settings.product_reviews:
            at = at.to_next_round()
        return await (self._service_page(at) if at.stream is Stream.SERVICE else self._product_page(at))

    async def read_review(self, external_id: str) -> IncomingReview | None:
        """A review as it stands now; None where Trustpilot does not have it any more.

        That a product review is gone is only believed once another one has been found: this address was never tried on a real
        account, and if it were wrong, all of them would seem to be gone.
        """
        try:
            if not product_reviews.is_product_review(external_id):
                return await self._client.call(service_reviews.build_one(external_id), service_reviews.read_one)
            found = await self._client.call(product_reviews.build_one(external_id), product_reviews.read_one)
        except NotFound:
            if product_reviews.is_product_review(external_id) and not self._finds_products:
                raise
            return None
        self._finds_products = True
        return found

    async def reply(self, request: ReplyRequest) -> ReviewReply:
        """Answer a review for everybody to read. After ProviderInDoubt ask `find_reply`: Trustpilot takes no key."""
        if product_reviews.is_product_review(request.external_id):
            await self._comment(request)
        else:
            await self._client.call(service_reviews.build_reply(request, self._settings), _anything)
        self._log.info("Answered review %s on Trustpilot", request.external_id)
        return ReviewReply(request.text, self._clock())

    async def find_reply(self, external_id: str) -> ReviewReply | None:
        """What the business has answered; None where it has not, or the review is gone."""
        try:
            if not product_reviews.is_product_review(external_id):
                return await self._client.call(service_reviews.build_one(external_id), service_reviews.read_reply)
            conversation_id = await self._conversation(external_id)
            if not conversation_id:
                return None
            return await self._client.call(
                product_reviews.build_comments(conversation_id), product_reviews.read_comment
            )
        except NotFound:
            return None

    @property
    def _history(self) -> timedelta:
        return timedelta(days=self._settings.history_days)

    @property
    def _overlap(self) -> timedelta:
        return timedelta(hours=self._settings.overlap_hours)

    async def _service_page(self, at: Cursor) -> ReviewPage:
        call = service_reviews.build_page(self._settings, at.until - self._overlap, at.page)
        page = await self._client.call(call, service_reviews.read_page)
        following = at.after(page.created, self._clock())
        if page.has_next:
            return ReviewPage(page.reviews, following.write(), more=True)
        following = following.to_products()
        if self._settings.product_reviews:
            return ReviewPage(page.reviews, following.write(), more=True)
        return ReviewPage(page.reviews, following.to_next_round().write())

    async def _product_page(self, at: Cursor) -> ReviewPage:
        since = at.product_until - self._overlap
        page = await self._client.call(product_reviews.build_page(self._settings, at.page), product_reviews.read_page)
        recent = tuple(each for each in page.reviews if each.created_at is None or each.created_at >= since)
        following = at.after(page.created, self._clock())
        if page.has_next and not _is_behind(page.created, since):
            return ReviewPage(recent, following.write(), more=True)
        return ReviewPage(recent, following.to_next_round().write())

    async def _comment(self, request: ReplyRequest) -> None:
        conversation_id = await self._conversation(request.external_id) or await self._client.call(
            product_reviews.build_conversation(request.external_id), product_reviews.read_conversation_id
        )
        await self._client.call(
            product_reviews.build_comment(conversation_id, request.text), product_reviews.read_commented
        )

    async def _conversation(self, external_id: str) -> str:
        return await self._client.call(product_reviews.build_one(external_id), product_reviews.known_conversation_id)


def _anything(_: Json) -> None:
    """The status says it all."""


def _is_behind(created: Sequence[datetime], since: datetime) -> bool:
    """Whether a page is sorted from the newest to the oldest, and the rest would only be older.

    Trustpilot does not state the order; where this page is in another one, everything is walked.
    """
    is_sorted = all(newer >= older for newer, older in pairwise(created))
    return bool(created) and is_sorted and created[-1] < since
