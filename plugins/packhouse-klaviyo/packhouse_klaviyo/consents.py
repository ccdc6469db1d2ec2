"""Consent: what may be told of a customer, and what a changed consent does to a profile's subscriptions."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from packhouse.sdk import (
    AnswerUnreadable,
    Consent,
    ConsentPurpose,
    ConsentState,
    CustomerSnapshot,
    Event,
    OrderSnapshot,
    ProviderRefused,
    now,
)
from packhouse_klaviyo.client import KlaviyoClient
from packhouse_klaviyo.failures import DUPLICATE_PROFILE
from packhouse_klaviyo.metrics import TRANSACTIONAL
from packhouse_klaviyo.requests import (
    Profile,
    channel_of,
    find_call,
    subscribe_call,
    unsubscribe_call,
    upsert_call,
)
from packhouse_klaviyo.settings import AccountSettings

MARKETING = (ConsentPurpose.MARKETING_EMAIL, ConsentPurpose.MARKETING_SMS)
_FROM_CHANNEL = "channel:"
_NUMBER = re.compile(r"\+[1-9][0-9]{5,14}")
# No quotes and no backslashes: they would end the filter that a profile is looked up by.
_ADDRESS = re.compile(r'[^@\s"\\]+@[^@\s"\\]+')
_SUBSCRIBED, _UNSUBSCRIBED = "SUBSCRIBED", "UNSUBSCRIBED"
_NOES = frozenset({"UNSUBSCRIBE", "SPAM_COMPLAINT", "USER_SUPPRESSED"})


@dataclass(frozen=True, slots=True)
class Permit:
    """An event may be told of a profile. `says_no`: not for marketing by e-mail, which the profile has to say, too."""

    profile: Profile
    says_no: bool = False


def permit_of(account: AccountSettings, event: Event, order: OrderSnapshot) -> Permit | None:
    """Whether an event of an order may be told, and of whom; None where not.

    With consent to marketing by e-mail it is the profile of the address that the consent is about.
    """
    words = _counting(account, order)
    granted = {purpose: word for purpose, word in words.items() if word.state is ConsentState.GRANTED}
    if not granted and (account.without_consent == "nothing" or event.type not in TRANSACTIONAL):
        return None
    by_email, said = granted.get(ConsentPurpose.MARKETING_EMAIL), words.get(ConsentPurpose.MARKETING_EMAIL)
    email = (by_email.contact if by_email is not None and by_email.contact else order.email).strip().lower()
    if not _ADDRESS.fullmatch(email):
        return None
    profile = Profile(email=email, external_id="" if order.customer_id is None else str(order.customer_id))
    return Permit(profile, says_no=said is not None and said.state is ConsentState.DENIED)


def _counting(account: AccountSettings, order: OrderSnapshot) -> Mapping[ConsentPurpose, Consent]:
    """Words about marketing that were given to this account's channels, or to the house."""
    words = {purpose: order.consents[purpose] for purpose in MARKETING if purpose in order.consents}
    return {purpose: word for purpose, word in words.items() if _serves(account, word.source, order.channel)}


def _serves(account: AccountSettings, source: str, otherwise: str) -> bool:
    from_channel = source.startswith(_FROM_CHANNEL)
    return account.serves(source.removeprefix(_FROM_CHANNEL) if from_channel else otherwise)


async def follow_consent(
    client: KlaviyoClient, account: AccountSettings, event: Event, customer: CustomerSnapshot
) -> str:
    """Subscribe or unsubscribe the profile of a changed consent; returns what was done, for the log.

    Raises:
        ProviderError: to be tried again, or refused.
    """
    purpose = ConsentPurpose(event.payload["purpose"])
    consent = customer.consents.get(purpose)
    if purpose not in MARKETING or consent is None:
        return "it is not about marketing"
    if not _serves(account, consent.source, customer.channel):
        return "it was given to a channel of another account"
    if consent.state.value != event.payload["state"]:
        return "a newer word follows"
    profile = _contact(consent, customer)
    if profile is None:
        return "there is no address or number that it is about"
    standing = await client.ask(find_call(profile), lambda payload: read_standing(payload, purpose))
    if consent.state is ConsentState.GRANTED:
        return await _subscribe(client, account, consent, profile, standing)
    if standing is None or standing.consent == _UNSUBSCRIBED:
        return "the profile is not there, or unsubscribed already"
    await client.send(unsubscribe_call(profile, purpose))
    return "unsubscribed"


async def _subscribe(
    client: KlaviyoClient, account: AccountSettings, consent: Consent, profile: Profile, standing: "Standing | None"
) -> str:
    if standing is not None and standing.says_no_after(consent.given_at):
        return "the customer said no at Klaviyo after that"
    await _upsert(client, profile)
    if standing is not None and standing.consent == _SUBSCRIBED:
        return "the profile is subscribed already"
    historical = now() - consent.given_at > timedelta(days=account.backfill_after_days)
    await client.send(subscribe_call(profile, consent, account.list_id, historical=historical))
    return "subscribed"


async def _upsert(client: KlaviyoClient, profile: Profile) -> None:
    """Make sure of the profile; where another one has our id of the customer, the address alone names it."""
    try:
        await client.send(upsert_call(profile))
    except ProviderRefused as refused:
        if refused.code != DUPLICATE_PROFILE:
            raise
        await client.send(upsert_call(replace(profile, external_id="")))


def _contact(consent: Consent, customer: CustomerSnapshot) -> Profile | None:
    if consent.purpose is ConsentPurpose.MARKETING_SMS:
        phone = (consent.contact or customer.phone).strip()
        return Profile(phone=phone, external_id=str(customer.id)) if _NUMBER.fullmatch(phone) else None
    email = (consent.contact or customer.email).strip().lower()
    return Profile(email=email, external_id=str(customer.id)) if _ADDRESS.fullmatch(email) else None


@dataclass(frozen=True, slots=True)
class Standing:
    """What Klaviyo knows of a profile's consent to one channel. `noes` are the times of every no that it kept.

    `is_dated` is false where it says no without saying since when.
    """

    consent: str
    noes: tuple[datetime, ...] = ()
    is_dated: bool = True

    def says_no_after(self, moment: datetime) -> bool:
        """Whether the customer said no at Klaviyo after a moment, or nobody knows when."""
        return not self.is_dated or any(no > moment for no in self.noes)


def read_standing(payload: Mapping[str, Any], purpose: ConsentPurpose) -> Standing | None:
    """How the one profile that was looked up stands; None where there is none.

    Raises:
        AnswerUnreadable: the answer does not say.
    """
    found = payload.get("data")
    if not isinstance(found, list):
        raise AnswerUnreadable("data is not a list")
    if not found:
        return None
    marketing = _inside(found[0], "attributes", "subscriptions", channel_of(purpose), "marketing")
    consent = marketing.get("consent")
    if not isinstance(consent, str) or not consent:
        raise AnswerUnreadable(f"the profile does not say how it stands to {channel_of(purpose)}")
    suppressions = _list(marketing.get("suppression"))
    noes = [_time(each.get("timestamp")) for each in suppressions if str(each.get("reason")) in _NOES]
    if consent == _UNSUBSCRIBED:
        noes.append(_time(marketing.get("consent_timestamp")) or _time(marketing.get("last_updated")))
    dated = tuple(no for no in noes if no is not None)
    return Standing(consent, dated, is_dated=len(dated) == len(noes))


def _inside(value: object, *path: str) -> Mapping[str, Any]:
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    if not isinstance(value, Mapping):
        raise AnswerUnreadable(f"{'.'.join(path)} is missing")
    return value


def _list(value: object) -> list[Mapping[str, Any]]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(each, Mapping) for each in value):
        raise AnswerUnreadable("suppression is not a list of objects")
    return value


def _time(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    if moment is None:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
