"""The requests: events, profiles and subscriptions as Klaviyo's JSON:API wants them (revision 2026-07-15). Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from packhouse.sdk import Consent, ConsentPurpose, Money
from packhouse_klaviyo.client import Call
from packhouse_klaviyo.metrics import Told

# Events of one order that are sent one by one; more go in one job.
FEW_EVENTS = 10
MOST_IN_A_JOB = 1000


@dataclass(frozen=True, slots=True)
class Profile:
    """Whom something is about: an e-mail address or a telephone number (E.164), and our own id of the customer."""

    email: str = ""
    phone: str = ""
    external_id: str = ""

    @property
    def attributes(self) -> dict[str, str]:
        """What identifies the profile, and nothing more."""
        given = {"email": self.email, "phone_number": self.phone, "external_id": self.external_id}
        return {name: value for name, value in given.items() if value}

    @property
    def private(self) -> tuple[str, ...]:
        """What is not to be shown."""
        return tuple(value for value in (self.email, self.phone) if value)


def event_calls(profile: Profile, events: Sequence[Told], *, backfill: bool) -> list[Call]:
    """The calls that tell of events: one each for a few, jobs of a thousand for more."""
    if len(events) <= FEW_EVENTS:
        return [_event_call(profile, each, backfill=backfill) for each in events]
    return [
        _job_call(profile, events[start : start + MOST_IN_A_JOB], backfill=backfill)
        for start in range(0, len(events), MOST_IN_A_JOB)
    ]


def _event_call(profile: Profile, event: Told, *, backfill: bool) -> Call:
    """POST /api/events."""
    attributes = {**_event_attributes(event), "profile": _one_profile(profile), **_backfill(is_old=backfill)}
    body = {"data": {"type": "event", "attributes": attributes}}
    return Call("create_event", "POST", "/api/events", body, private=profile.private)


def _job_call(profile: Profile, events: Sequence[Told], *, backfill: bool) -> Call:
    """POST /api/event-bulk-create-jobs, with all events of one profile."""
    of_profile = {
        "type": "event-bulk-create",
        "attributes": {
            "profile": _one_profile(profile),
            "events": {"data": [{"type": "event", "attributes": _event_attributes(each)} for each in events]},
            **_backfill(is_old=backfill),
        },
    }
    attributes = {"events-bulk-create": {"data": [of_profile]}}
    body = {"data": {"type": "event-bulk-create-job", "attributes": attributes}}
    return Call("bulk_create_events", "POST", "/api/event-bulk-create-jobs", body, private=profile.private)


def _event_attributes(event: Told) -> dict[str, Any]:
    attributes: dict[str, Any] = {
        "metric": {"data": {"type": "metric", "attributes": {"name": event.metric}}},
        "unique_id": event.unique_id,
        "time": _moment(event.time),
        "properties": _plain(event.properties),
    }
    if event.value is not None:
        attributes |= {"value": _number(event.value), "value_currency": event.value.currency}
    return attributes


def _backfill(*, is_old: bool) -> dict[str, bool]:
    return {"backfill": True} if is_old else {}


def _one_profile(profile: Profile) -> dict[str, Any]:
    return {"data": {"type": "profile", "attributes": profile.attributes}}


def upsert_call(profile: Profile) -> Call:
    """POST /api/profile-import: the profile is there afterwards, with our id of the customer."""
    body = {"data": {"type": "profile", "attributes": profile.attributes}}
    statuses = frozenset({200, 201})
    return Call(
        "create_or_update_profile",
        "POST",
        "/api/profile-import",
        body,
        statuses=statuses,
        private=profile.private,
    )


def find_call(profile: Profile) -> Call:
    """GET /api/profiles by address or number, with what it is subscribed to."""
    field, value = ("email", profile.email) if profile.email else ("phone_number", profile.phone)
    query = {
        "filter": f'equals({field},"{value}")',
        "additional-fields[profile]": "subscriptions",
        "fields[profile]": "subscriptions",
        "page[size]": "1",
    }
    return Call("get_profiles", "GET", "/api/profiles", query=query, statuses=frozenset({200}), private=profile.private)


def test_call() -> Call:
    """GET /api/profiles, one and nothing of it but when it was made: what is asked to see whether anybody answers."""
    query = {"fields[profile]": "created", "page[size]": "1"}
    return Call("get_profiles", "GET", "/api/profiles", query=query, statuses=frozenset({200}))


def subscribe_call(profile: Profile, consent: Consent, list_id: str, *, historical: bool) -> Call:
    """POST /api/profile-subscription-bulk-create-jobs for one profile and one channel.

    `historical`: the consent was given long ago, so no confirmation is asked for and no flow is started.
    """
    marketing = {"consent": "SUBSCRIBED"} | ({"consented_at": _moment(consent.given_at)} if historical else {})
    attributes: dict[str, Any] = {
        "custom_source": f"Packhouse: {consent.source}" if consent.source else "Packhouse",
        "profiles": {"data": [_subscribed(profile, consent.purpose, marketing)]},
    }
    if historical:
        attributes["historical_import"] = True
    data: dict[str, Any] = {"type": "profile-subscription-bulk-create-job", "attributes": attributes}
    if list_id:
        data["relationships"] = {"list": {"data": {"type": "list", "id": list_id}}}
    path = "/api/profile-subscription-bulk-create-jobs"
    return Call("bulk_subscribe_profiles", "POST", path, {"data": data}, private=profile.private)


def unsubscribe_call(profile: Profile, purpose: ConsentPurpose) -> Call:
    """POST /api/profile-subscription-bulk-delete-jobs for one profile and one channel, from everything."""
    profiles = {"data": [_subscribed(profile, purpose, {"consent": "UNSUBSCRIBED"})]}
    data = {"type": "profile-subscription-bulk-delete-job", "attributes": {"profiles": profiles}}
    path = "/api/profile-subscription-bulk-delete-jobs"
    return Call("bulk_unsubscribe_profiles", "POST", path, {"data": data}, private=profile.private)


def channel_of(purpose: ConsentPurpose) -> str:
    """Klaviyo's name of a marketing channel."""
    return "sms" if purpose is ConsentPurpose.MARKETING_SMS else "email"


def _subscribed(profile: Profile, purpose: ConsentPurpose, marketing: Mapping[str, str]) -> dict[str, Any]:
    contact = {name: value for name, value in profile.attributes.items() if name != "external_id"}
    subscriptions = {channel_of(purpose): {"marketing": dict(marketing)}}
    return {"type": "profile", "attributes": {**contact, "subscriptions": subscriptions}}


def _moment(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="seconds")


def _plain(value: Any) -> Any:  # noqa: ANN401  (any JSON value, with money in it)
    """A value as JSON: money as the exact number."""
    if isinstance(value, Money):
        return _number(value)
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list) else value


def _number(money: Money) -> orjson.Fragment:
    """The amount with exactly its digits: never a float."""
    return orjson.Fragment(f"{money.amount:f}")
