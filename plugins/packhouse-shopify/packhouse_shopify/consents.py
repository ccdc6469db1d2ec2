"""What Shopify says of a customer's consents (REST Admin, Customer: email_marketing_consent, sms_marketing_consent)."""

from datetime import datetime

from packhouse.sdk import ConsentPurpose, ConsentState, IncomingConsent, Unreadable
from packhouse_shopify.fields import Fields

# Not subscribed and invalid are no word of the customer's: nobody asked, or nobody could be.
_STATES = {
    "subscribed": ConsentState.GRANTED,
    "unsubscribed": ConsentState.DENIED,
    "redacted": ConsentState.DENIED,
    "pending": ConsentState.UNKNOWN,
}


def read_consents(order: Fields, customer: Fields | None, placed_at: datetime) -> tuple[IncomingConsent, ...]:
    """The words about marketing in an order.

    What the customer says as a customer counts; where the order has nothing of that, the box ticked at the checkout does. A box
    that is not ticked says nothing: it may have been ticked before.
    """
    email = customer.child("email_marketing_consent") if customer else None
    sms = customer.child("sms_marketing_consent") if customer else None
    found = []
    if email is None:
        found.append(_ticked(order, placed_at))
    elif customer:
        found.append(_word(email, ConsentPurpose.MARKETING_EMAIL, customer.text("email")))
    if sms and customer:
        found.append(_word(sms, ConsentPurpose.MARKETING_SMS, customer.text("phone")))
    return tuple(consent for consent in found if consent is not None)


def _ticked(order: Fields, placed_at: datetime) -> IncomingConsent | None:
    if not order.flag("buyer_accepts_marketing", default=False):
        return None
    return IncomingConsent(
        ConsentPurpose.MARKETING_EMAIL,
        ConsentState.GRANTED,
        placed_at,
        order.text("email"),
        "the order says buyer_accepts_marketing",
    )


def _word(consent: Fields, purpose: ConsentPurpose, contact: str) -> IncomingConsent | None:
    said = consent.text("state").lower()
    state = _STATES.get(said)
    if state is None:
        return None
    parts = [f"Shopify says {said}"]
    if level := consent.text("opt_in_level").lower():
        parts.append(f"opt-in level {level}")
    if collected := consent.text("consent_collected_from").lower():
        parts.append(f"collected from {collected}")
    return IncomingConsent(purpose, state, _given_at(consent), contact, ", ".join(parts))


def _given_at(consent: Fields) -> datetime | None:
    """When it was said; a time that cannot be read is none, because a consent never keeps an order out."""
    try:
        return consent.time("consent_updated_at")
    except Unreadable:
        return None
