"""GET /track/{token}: a customer's view of one order, as a page or as JSON."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any
from uuid import UUID

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from packhouse.settings import SecuritySettings
from packhouse.web.errors import error_response, json_response
from packhouse.web.negotiation import choose_media_type
from packhouse.web.tracking_link import read_tracking_link
from packhouse.web.tracking_view import TrackingView

LoadTrackingView = Callable[[UUID], Awaitable[TrackingView | None]]

log = logging.getLogger(__name__)

_HTML = "text/html"
_JSON = "application/json"
# the only style is the page's own, so nothing is loaded from anywhere
_PAGE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {"cache-control": "no-store", "x-robots-tag": "noindex", "content-security-policy": _PAGE_POLICY}


def tracking_route(security: SecuritySettings, load: LoadTrackingView) -> Route:
    """The route; `load` finds what there is to see of an order."""
    pages = Environment(
        loader=PackageLoader("packhouse.web"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    page = pages.get_template("track.html")

    async def track(request: Request) -> Response:
        order_id = read_tracking_link(security, request.path_params["token"])
        view = await load(order_id) if order_id is not None else None
        status = 200 if view is not None else 404
        if view is None:
            log.info("refused 404 NOT_FOUND: a customer's link that is not valid")
        if choose_media_type(request.headers.get("accept"), (_HTML, _JSON)) == _JSON:
            return _as_json(view)
        return HTMLResponse(page.render(view=view), status_code=status, headers=_HEADERS)

    return Route("/track/{token}", track, methods=["GET"])


def _as_json(view: TrackingView | None) -> Response:
    if view is None:
        # expired, forged and deleted look the same: nothing is to be learnt from trying
        return error_response(404, "NOT_FOUND", "This link is not valid any more", headers=_HEADERS)
    body: dict[str, Any] = asdict(view)
    for parcel, shown in zip(view.parcels, body["parcels"], strict=True):
        shown["url"] = parcel.safe_url
    return json_response(body, headers=_HEADERS)
