"""What Packhouse loads: every endpoint is a recipient, so each has its own order, retries and pauses."""

from collections.abc import Mapping, Sequence
from importlib.metadata import version

from packhouse.sdk import (
    Event,
    PluginContext,
    PluginManifest,
    ProviderRefused,
    ProviderUnavailable,
    QueryRefused,
    Recipient,
    hookimpl,
    new_id,
    now,
)
from packhouse_webhooks.documents import known_variables
from packhouse_webhooks.guard import Guard
from packhouse_webhooks.messages import (
    CLOUDEVENTS,
    JSON,
    body_of,
    headers_of,
    message_id,
    plain_data,
    test_body,
    test_event,
    variables_of,
)
from packhouse_webhooks.sender import Sender
from packhouse_webhooks.settings import EndpointSettings, WebhooksSettings

# Standard Webhooks' own: 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h after the attempt before
SCHEDULE = (5.0, 300.0, 1800.0, 7200.0, 18_000.0, 36_000.0, 50_400.0, 72_000.0, 86_400.0)


class Plugin:
    """The plugin `webhooks`."""

    def __init__(self) -> None:
        self._sender: Sender | None = None

    @hookimpl
    def plugin_manifest(self) -> PluginManifest:
        """Code `webhooks`; its settings stand in `[plugins.settings.webhooks]`."""
        return PluginManifest("webhooks", "Webhooks", version("packhouse-webhooks"), settings=WebhooksSettings)

    @hookimpl
    def register_recipients(self, context: PluginContext) -> Sequence[Recipient]:
        """Every endpoint, with the events that it asks for."""
        endpoints = _settings(context).endpoints
        return [Recipient(name, endpoint.events or None, SCHEDULE) for name, endpoint in endpoints.items()]

    @hookimpl
    async def startup(self, context: PluginContext) -> None:
        """Open the session; refuse a document that could never be answered.

        Raises:
            QueryRefused: a document is not valid.
        """
        settings = _settings(context)
        for name, endpoint in settings.endpoints.items():
            if endpoint.document:
                known_variables(name, endpoint.document)
        self._sender = Sender(Guard(settings.allowed_networks), watch=context.http.trace_configs)

    @hookimpl
    async def shutdown(self) -> None:
        """Close the session."""
        sender, self._sender = self._sender, None
        if sender is not None:
            await sender.close()

    @hookimpl
    async def test_connection(self, context: PluginContext) -> str:
        """Post a test message, signed like any other; it is in no log and has an id of its own. The document is tried out, too.

        Raises:
            ProviderError: as `Sender.post`; also where the document is refused.
        """
        endpoint = _settings(context).endpoints[context.recipient]
        sender = self._open_sender()
        at = now()
        if endpoint.document:
            # of an order that is none: whether it can be asked at all is the same
            await _asked(context, endpoint.document, variables_of(test_event(at)))
        body = test_body(at)
        headers = headers_of(f"msg_{new_id().hex}", body, endpoint.secrets, at, JSON)
        answer = await sender.post(endpoint.url, body, headers, seconds=endpoint.timeout)
        return f"{endpoint.url} answered {answer.status} to a test message"

    @hookimpl
    async def event_recorded(self, event: Event, context: PluginContext) -> None:
        """Post the event to the endpoint that this delivery is for.

        Raises:
            ProviderError: as `Sender.post`; also where the document was refused.
        """
        settings = _settings(context)
        endpoint = settings.endpoints.get(context.recipient)
        if endpoint is None:
            return
        sender = self._open_sender()
        data = await _data(context, endpoint, event)
        body = body_of(event, data, source=settings.source, cloudevents=endpoint.cloudevents)
        media_type = CLOUDEVENTS if endpoint.cloudevents else JSON
        headers = headers_of(message_id(event), body, endpoint.secrets, now(), media_type)
        answer = await sender.post(endpoint.url, body, headers, seconds=endpoint.timeout)
        context.answered(str(answer))

    def _open_sender(self) -> Sender:
        if self._sender is None:
            # never as if it had arrived
            raise ProviderUnavailable("the plugin is not started, or was stopped")
        return self._sender


async def _data(context: PluginContext, endpoint: EndpointSettings, event: Event) -> dict[str, object]:
    if not endpoint.document:
        return plain_data(event)
    if event.order_id is None and "orderId" in known_variables(context.recipient, endpoint.document):
        return plain_data(event)  # an event of no order: the document asks about one
    return await _asked(context, endpoint.document, variables_of(event))


async def _asked(context: PluginContext, document: str, known: Mapping[str, str | None]) -> dict[str, object]:
    declared = known_variables(context.recipient, document)
    variables = {name: value for name, value in known.items() if name in declared}
    try:
        return dict(await context.query(document, variables))
    except QueryRefused as error:
        raise ProviderRefused(f"the document of endpoint {context.recipient}: {error.reason}") from error


def _settings(context: PluginContext) -> WebhooksSettings:
    settings = context.settings
    if not isinstance(settings, WebhooksSettings):
        raise TypeError("the host gives the settings of the manifest's model")
    return settings
