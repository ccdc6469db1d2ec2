"""Inviting a customer: Trustpilot Invitation API v1, POST /private/business-units/{id}/email-invitations (answered 202)."""

import re
from datetime import datetime, timedelta
from urllib.parse import quote

from packhouse.sdk import ProviderRefused, ReviewInvitation, ReviewProduct
from packhouse_trustpilot.client import Call
from packhouse_trustpilot.mapping import Json, send_time
from packhouse_trustpilot.settings import TrustpilotSettings

_GTIN = re.compile(r"\d{8}|\d{12,14}")
_LOCALE = re.compile(r"([a-z]{2,3})(?:-[A-Za-z]{4})?(?:-([A-Z]{2}))?")


def build_invitation(invitation: ReviewInvitation, settings: TrustpilotSettings, at: datetime) -> Call:
    """Invite to a review of the service, of the products, or of both, as the settings say. `at` is now.

    Trustpilot takes no idempotency key, and one reference may be sent again: never repeat what is in doubt.

    Raises:
        ProviderRefused: there is nothing to ask about.
    """
    body: Json = {
        "type": "email",
        "replyTo": settings.reply_to or settings.sender_email,
        "locale": locale_of(invitation, settings),
        "senderName": settings.sender_name,
        "senderEmail": settings.sender_email,
        "referenceNumber": reference_of(invitation, settings),
        "consumerName": invitation.customer_name.strip() or settings.nameless,
        "consumerEmail": invitation.email,
    }
    if settings.location_id:
        body["locationId"] = settings.location_id
    if settings.service_reviews:
        body["serviceReviewInvitation"] = _service(invitation, settings, at)
    if settings.product_reviews and invitation.products:
        body["productReviewInvitation"] = _products(invitation, settings, at)
    if "serviceReviewInvitation" not in body and "productReviewInvitation" not in body:
        raise ProviderRefused("there is no product to ask about, and service reviews are off", code="NOTHING_TO_ASK")
    path = f"/private/business-units/{settings.business_unit_id}/email-invitations"
    return Call("invitation", "POST", path, body, effect=True, invites=True, in_name=True)


def reference_of(invitation: ReviewInvitation, settings: TrustpilotSettings) -> str:
    """What reviews name their order by: its number, which the customer knows, or the invitation's own reference."""
    return invitation.order_number if settings.reference == "order_number" else invitation.reference


def locale_of(invitation: ReviewInvitation, settings: TrustpilotSettings) -> str:
    """A language and a country, such as en-GB: the customer's, or the settings' for where it was sent."""
    given = _LOCALE.fullmatch(invitation.locale)
    country = invitation.country if re.fullmatch(r"[A-Z]{2}", invitation.country) else ""
    if given and (region := given[2] or country):
        return f"{given[1]}-{region}"
    return settings.locales.get(country, settings.locale)


def _service(invitation: ReviewInvitation, settings: TrustpilotSettings, at: datetime) -> Json:
    found: Json = {"preferredSendTime": send_time(max(invitation.send_at, at))}
    if settings.service_template_id:
        found["templateId"] = settings.service_template_id
    if settings.redirect_uri:
        found["redirectUri"] = settings.redirect_uri
    if settings.tags:
        found["tags"] = list(settings.tags)
    return found


def _products(invitation: ReviewInvitation, settings: TrustpilotSettings, at: datetime) -> Json:
    later = invitation.send_at + timedelta(days=settings.product_delay_days)
    found: Json = {
        "preferredSendTime": send_time(max(later, at)),
        "products": [_product(product, settings) for product in invitation.products],
    }
    if settings.product_template_id:
        found["templateId"] = settings.product_template_id
    if settings.redirect_uri:
        found["redirectUri"] = settings.redirect_uri
    return found


def _product(product: ReviewProduct, settings: TrustpilotSettings) -> Json:
    found: Json = {"sku": product.sku, "name": product.title or product.sku}
    if _GTIN.fullmatch(product.barcode):
        found["gtin"] = product.barcode
    url = product.url or settings.product_url.replace("{sku}", _in_address(product.sku))
    image = product.image_url or settings.product_image_url.replace("{sku}", _in_address(product.sku))
    if url:
        found["productUrl"] = url
    if image:
        found["imageUrl"] = image
    return found


def _in_address(sku: str) -> str:
    return quote(sku, safe="")
