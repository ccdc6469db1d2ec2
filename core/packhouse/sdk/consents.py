"""What customers say about being written to: for which purpose, yes or no, when, and to which address."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ConsentPurpose(StrEnum):
    """What a consent is about. What an order itself needs, such as its tracking link, asks for none."""

    MARKETING_EMAIL = "marketing_email"
    MARKETING_SMS = "marketing_sms"
    REVIEWS = "reviews"


class ConsentState(StrEnum):
    """Unknown is no yes: asked and not confirmed yet, or never asked."""

    GRANTED = "granted"
    DENIED = "denied"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Consent:
    """A customer's word in force for one purpose: the one given last.

    `given_at` is when the customer said it; `contact` the e-mail address or telephone number that it is about, empty for the
    customer's own; `source` where it was said ("channel:shopify", "telephone").
    """

    purpose: ConsentPurpose
    state: ConsentState
    given_at: datetime
    contact: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class IncomingConsent:
    """What a channel says that the customer said. `evidence` is how it is known, for whoever has to prove it.

    Without `given_at` a no counts from the channel's last change on, and a yes only where nothing else is known: an old yes must
    not undo a newer no.
    """

    purpose: ConsentPurpose
    state: ConsentState
    given_at: datetime | None = None
    contact: str = ""
    evidence: str = ""
