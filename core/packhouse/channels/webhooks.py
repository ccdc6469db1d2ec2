"""The door for channels' webhooks: verified, kept durably, answered within the second; worked on afterwards."""

import logging
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from packhouse.channels.commands.accept_message import Message, accept_message
from packhouse.channels.models import Channel
from packhouse.hooks.services import Services
from packhouse.sdk import InvalidValue, ReadsWebhooks, WebhookRejected, now
from packhouse.storage import Initiator
from packhouse.web.body import BodyRefused, read_body
from packhouse.web.errors import error_response, json_response

log = logging.getLogger(__name__)


def webhook_routes(services: Services, wake: Callable[[], None]) -> list[Route]:
    """`POST /webhooks/channels/{code}`; `wake` is called when there is something new to work on."""
    inbox = _Inbox(services, wake)
    return [Route("/webhooks/channels/{code}", inbox.receive, methods=["POST"])]


class _Inbox:
    def __init__(self, services: Services, wake: Callable[[], None]) -> None:
        self._services = services
        self._wake = wake

    async def receive(self, request: Request) -> Response:
        """Keep a webhook. 200 also for one that was here before; 401 for one that is not to be trusted."""
        code = request.path_params["code"]
        provider: object = self._services.providers.channels.get(code)
        # looked up among the registered first: a stranger's code may be text that no database takes
        is_known = isinstance(provider, ReadsWebhooks)
        channel = await Channel.get_or_none(code=code, is_active=True) if is_known else None
        if channel is None or not isinstance(provider, ReadsWebhooks):
            log.warning("a webhook for %r was refused: no channel of this code takes any", code[:64])
            return error_response(404, "UNKNOWN_CHANNEL", "no channel of this code takes webhooks")
        try:
            body = await read_body(request, self._services.settings.server.max_body_bytes)
        except BodyRefused as refused:
            log.warning("a webhook for channel %s was refused: %s", code, refused.message)
            return error_response(refused.status, "BODY_TOO_LARGE", refused.message)
        try:
            envelope = provider.verify_webhook(request.headers, body, now())
        except (WebhookRejected, InvalidValue) as rejected:
            log.warning("a webhook for channel %s was rejected: %s", code, rejected)
            return error_response(401, "WEBHOOK_REJECTED", "the signature, the time or the sender is not right")
        by = Initiator(f"channel:{code}", f"channel:{code}")
        message = Message(envelope.message_id[:255], envelope.topic[:128], body)
        is_new = await self._services.database.write(by, lambda uow: accept_message(uow, channel, message))
        if is_new:
            self._wake()
        return json_response({"accepted": True, "duplicate": not is_new})
