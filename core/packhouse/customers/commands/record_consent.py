"""Keeping what a customer said about being written to: every word is kept, the one given last is in force."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from packhouse.customers.models import Consent, Customer
from packhouse.customers.rules import Word, changes_anything, is_believed_without_time, is_in_force
from packhouse.events.record import record
from packhouse.sdk import ConsentPurpose, ConsentState, EventType, IncomingConsent, InvalidValue, Refused, now
from packhouse.sdk.values import check_length
from packhouse.storage import UnitOfWork

# ITU-T E.164: at most fifteen digits behind the plus.
_NUMBER = re.compile(r"\+[1-9][0-9]{5,14}")
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")
_LONGEST_CONTACT = 254
_LONGEST_EVIDENCE = 500
_LONGEST_SOURCE = 128


@dataclass(frozen=True, slots=True)
class RecordConsent:
    """What a customer said. `source` is where, `evidence` how it is known, `contact` the address or number that it is about.

    Without `contact` it is about the customer's own; without `given_at` it was said now.
    """

    customer_id: UUID
    purpose: ConsentPurpose
    state: ConsentState
    source: str
    evidence: str = ""
    contact: str = ""
    given_at: datetime | None = None


async def record_consent(uow: UnitOfWork, data: RecordConsent) -> Consent:
    """Keep what a customer said; what is known already changes nothing. Returns the word as it is kept.

    Raises:
        InvalidValue: no source, a text that is too long, a contact that cannot be, a time to come or without time zone.
        Refused: NOT_FOUND.
    """
    contact = _checked_contact(data)
    _check(data)
    if await _locked(data.customer_id) is None:
        raise Refused("NOT_FOUND", f"there is no customer {data.customer_id}", "customerId")
    word = Word(data.state, data.given_at or now(), contact)
    return await _keep(uow, data.customer_id, data.purpose, word, (data.source.strip(), data.evidence))


async def take_in_consents(
    uow: UnitOfWork, customer_id: UUID, source: str, consents: Sequence[IncomingConsent], changed_at: datetime
) -> None:
    """Keep what a channel says that a customer said; `changed_at` is when the channel last changed what it sent.

    A channel is believed: what it says of addresses is cut where it is too long, and never keeps an order out.
    """
    if not consents or await _locked(customer_id) is None:
        return
    for each in consents:
        given_at = each.given_at
        if given_at is None:
            current = await _current(customer_id, each.purpose)
            state = ConsentState.UNKNOWN if current is None else ConsentState(current.state)
            if not is_believed_without_time(each.state, state):
                continue
            given_at = changed_at
        # their clock may be ahead of ours
        word = Word(each.state, min(given_at, now()), _normal(each.contact)[:_LONGEST_CONTACT])
        told = (source, each.evidence[:_LONGEST_EVIDENCE])
        await _keep(uow, customer_id, each.purpose, word, told)


async def _locked(customer_id: UUID) -> Customer | None:
    """The customer, locked: words of one customer are kept one after another."""
    return await Customer.filter(id=customer_id).select_for_update().first()


async def _current(customer_id: UUID, purpose: ConsentPurpose) -> Consent | None:
    return await Consent.get_or_none(customer_id=customer_id, purpose=purpose.value, is_current=True)


async def _keep(
    uow: UnitOfWork, customer_id: UUID, purpose: ConsentPurpose, word: Word, told: tuple[str, str]
) -> Consent:
    known = await Consent.get_or_none(
        customer_id=customer_id,
        purpose=purpose.value,
        state=word.state.value,
        contact=word.contact,
        given_at=word.given_at,
    )
    if known is not None:
        return known
    row = await _current(customer_id, purpose)
    current = None if row is None else Word(ConsentState(row.state), row.given_at, row.contact)
    is_current = is_in_force(word, current)
    if is_current and row is not None:
        await Consent.filter(id=row.id).update(is_current=False)
    kept = await Consent.create(
        customer_id=customer_id,
        purpose=purpose.value,
        state=word.state.value,
        contact=word.contact,
        source=told[0],
        evidence=told[1],
        is_current=is_current,
        given_at=word.given_at,
        recorded_at=now(),
    )
    if is_current and changes_anything(word, current):
        _record(uow, kept, current)
    return kept


def _record(uow: UnitOfWork, kept: Consent, before: Word | None) -> None:
    # Addresses and numbers stay in their own row, where they can be erased: the log is never changed.
    record(
        uow,
        EventType.CONSENT_CHANGED,
        kept.id,
        customer_id=kept.customer_id,
        occurred_at=kept.given_at,
        payload={
            "consent_id": str(kept.id),
            "customer_id": str(kept.customer_id),
            "purpose": kept.purpose,
            "state": kept.state,
            "previous": (ConsentState.UNKNOWN if before is None else before.state).value,
            "source": kept.source,
        },
    )


def _check(data: RecordConsent) -> None:
    if not data.source.strip():
        raise InvalidValue("source", "say where the customer said it: checkout, telephone, letter")
    check_length(data.source.strip(), _LONGEST_SOURCE, "source")
    check_length(data.evidence, _LONGEST_EVIDENCE, "evidence")
    if data.given_at is None:
        return
    if data.given_at.tzinfo is None:
        raise InvalidValue("givenAt", "a time needs its offset from UTC, as in 2026-01-31T12:00:00Z")
    if data.given_at > now():
        raise InvalidValue("givenAt", f"{data.given_at.isoformat()} is still to come")


def _checked_contact(data: RecordConsent) -> str:
    contact = _normal(data.contact)
    check_length(contact, _LONGEST_CONTACT, "contact")
    if not contact:
        return ""
    if data.purpose is ConsentPurpose.MARKETING_SMS:
        if not _NUMBER.fullmatch(contact):
            raise InvalidValue("contact", f"{contact!r} is not a telephone number such as +442079460000")
    elif not _ADDRESS.fullmatch(contact):
        raise InvalidValue("contact", f"{contact!r} is not an e-mail address")
    return contact


def _normal(contact: str) -> str:
    return contact.strip().lower()
