import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from packhouse.customers.commands.recognise import Buyer, recognise
from packhouse.customers.commands.record_consent import RecordConsent, record_consent, take_in_consents
from packhouse.customers.models import Consent
from packhouse.customers.queries import customer_snapshots, state_of
from packhouse.events.models import EventRow
from packhouse.sdk import ConsentPurpose, ConsentState, IncomingConsent, InvalidValue, new_id, now
from packhouse.storage import Database
from packhouse.testing.factories import BY
from packhouse.testing.proofs import contents, refused
from packhouse.testing.statements import noted_statements

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
EMAIL, SMS = ConsentPurpose.MARKETING_EMAIL, ConsentPurpose.MARKETING_SMS
YES, NO, MAYBE = ConsentState.GRANTED, ConsentState.DENIED, ConsentState.UNKNOWN


@pytest.fixture
async def customer_id(database: Database) -> UUID:
    known = await database.write(BY, lambda uow: recognise(uow, Buyer("web", "buyer@example.com")))
    assert known is not None
    return known


async def say(database: Database, customer_id: UUID, state: ConsentState, **values: Any) -> Consent:
    data = RecordConsent(**{"customer_id": customer_id, "purpose": EMAIL, "state": state, "source": "letter", **values})
    return await database.write(BY, lambda uow: record_consent(uow, data))


async def hear(
    database: Database, customer_id: UUID, *consents: IncomingConsent, changed_at: datetime = NOON + HOUR
) -> None:
    await database.write(BY, lambda uow: take_in_consents(uow, customer_id, "channel:shop", consents, changed_at))


async def words(customer_id: UUID) -> list[tuple[str, str, bool]]:
    rows = await Consent.filter(customer_id=customer_id).order_by("given_at", "recorded_at")
    return [(row.purpose, row.state, row.is_current) for row in rows]


async def told() -> list[tuple[str, str]]:
    events = await EventRow.filter(type="consent_changed").order_by("recorded_at", "ordinal")
    return [(event.payload["previous"], event.payload["state"]) for event in events]


async def test_a_word_is_kept_and_told(database: Database, customer_id: UUID) -> None:
    kept = await say(
        database,
        customer_id,
        YES,
        source=" telephone ",
        evidence="call 17",
        contact=" News@Example.com ",
        given_at=NOON,
    )
    row = await Consent.get()
    assert (row.id, row.customer_id, row.purpose, row.state) == (kept.id, customer_id, "marketing_email", "granted")
    assert (row.source, row.evidence, row.contact) == ("telephone", "call 17", "news@example.com")
    assert (row.is_current, row.given_at) == (True, NOON)
    event = await EventRow.get()
    assert (event.type, event.order_id, event.customer_id, event.occurred_at) == (
        "consent_changed",
        None,
        customer_id,
        NOON,
    )
    assert event.payload == {
        "consent_id": str(kept.id),
        "customer_id": str(customer_id),
        "purpose": "marketing_email",
        "state": "granted",
        "previous": "unknown",
        "source": "telephone",
    }


async def test_the_word_given_last_is_in_force_whenever_we_hear_of_it(database: Database, customer_id: UUID) -> None:
    await say(database, customer_id, YES, given_at=NOON)
    await say(database, customer_id, NO, given_at=NOON + 2 * HOUR)
    await say(database, customer_id, YES, given_at=NOON + HOUR)
    assert await words(customer_id) == [
        ("marketing_email", "granted", False),
        ("marketing_email", "granted", False),
        ("marketing_email", "denied", True),
    ]
    assert await told() == [("unknown", "granted"), ("granted", "denied")]
    assert await state_of(customer_id, EMAIL) is NO


async def test_what_is_known_already_changes_nothing(database: Database, customer_id: UUID) -> None:
    first = await say(database, customer_id, YES, given_at=NOON)
    before = await contents(database)
    assert (await say(database, customer_id, YES, given_at=NOON, source="elsewhere")).id == first.id
    assert await contents(database) == before


async def test_the_same_word_given_again_is_kept_and_told_to_nobody(database: Database, customer_id: UUID) -> None:
    await say(database, customer_id, NO, given_at=NOON)
    await say(database, customer_id, NO, given_at=NOON + 2 * HOUR)
    await say(database, customer_id, YES, given_at=NOON + HOUR)
    assert await state_of(customer_id, EMAIL) is NO, "the second no is newer than the yes"
    assert await told() == [("unknown", "denied")]


async def test_purposes_do_not_touch_one_another(database: Database, customer_id: UUID) -> None:
    await say(database, customer_id, YES, given_at=NOON)
    await say(database, customer_id, NO, purpose=SMS, contact="+442079460000", given_at=NOON)
    (snapshot,) = (await customer_snapshots([customer_id, new_id()])).values()
    assert (snapshot.email, snapshot.channel) == ("buyer@example.com", "web")
    assert {purpose: consent.state for purpose, consent in snapshot.consents.items()} == {EMAIL: YES, SMS: NO}
    assert snapshot.consents[SMS].contact == "+442079460000"


async def test_words_said_on_all_sides_at_once_leave_one_in_force(database: Database, customer_id: UUID) -> None:
    given = [(YES if number % 2 else NO, NOON + number * HOUR) for number in range(10)]
    await asyncio.gather(*(say(database, customer_id, state, given_at=at) for state, at in given))
    current = await Consent.get(is_current=True)
    assert (current.state, current.given_at) == ("granted", NOON + 9 * HOUR)
    assert await Consent.all().count() == 10


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"source": " "}, "source"),
        ({"source": "s" * 129}, "source"),
        ({"evidence": "e" * 501}, "evidence"),
        ({"contact": "nobody"}, "contact"),
        ({"contact": "c" * 250 + "@example.com"}, "contact"),
        ({"purpose": SMS, "contact": "buyer@example.com"}, "contact"),
        ({"purpose": SMS, "contact": "020 7946 0000"}, "contact"),
        ({"given_at": datetime(2026, 11, 1)}, "givenAt"),  # noqa: DTZ001  (that is what is refused)
        ({"given_at": now() + HOUR}, "givenAt"),
    ],
)
async def test_what_cannot_be_is_refused_and_nothing_is_kept(
    database: Database, customer_id: UUID, values: dict[str, Any], field: str
) -> None:
    before = await contents(database)
    with pytest.raises(InvalidValue) as refusal:
        await say(database, customer_id, YES, **values)
    assert refusal.value.field == field
    assert await contents(database) == before


async def test_nobodys_consent_is_refused(database: Database) -> None:
    async with refused(database, "NOT_FOUND", "customerId"):
        await say(database, new_id(), YES)


async def test_a_channel_is_believed_with_the_times_that_it_says(database: Database, customer_id: UUID) -> None:
    await hear(
        database,
        customer_id,
        IncomingConsent(EMAIL, YES, NOON, "buyer@example.com", "single opt-in"),
        IncomingConsent(SMS, NO, NOON + 5 * 365 * 24 * HOUR),
    )
    email, sms = await Consent.filter(customer_id=customer_id).order_by("purpose")
    assert (email.source, email.evidence, email.given_at) == ("channel:shop", "single opt-in", NOON)
    assert sms.given_at <= now(), "their clock is ahead of ours"


async def test_a_yes_of_unknown_time_counts_only_where_nothing_else_is_known(
    database: Database, customer_id: UUID
) -> None:
    await say(database, customer_id, NO, given_at=NOON)
    await hear(database, customer_id, IncomingConsent(EMAIL, YES), IncomingConsent(SMS, YES))
    assert await state_of(customer_id, EMAIL) is NO
    assert await state_of(customer_id, SMS) is YES
    assert (await Consent.get(purpose="marketing_sms")).given_at == NOON + HOUR


async def test_a_no_of_unknown_time_counts_at_once_and_is_kept_once(database: Database, customer_id: UUID) -> None:
    await say(database, customer_id, YES, given_at=NOON)
    for hours in (1, 2, 3):
        await hear(database, customer_id, IncomingConsent(EMAIL, NO), changed_at=NOON + hours * HOUR)
    assert await words(customer_id) == [("marketing_email", "granted", False), ("marketing_email", "denied", True)]


async def test_a_channels_long_texts_are_cut(database: Database, customer_id: UUID) -> None:
    await hear(database, customer_id, IncomingConsent(EMAIL, YES, NOON, "c" * 300, "e" * 600))
    row = await Consent.get()
    assert (len(row.contact), len(row.evidence)) == (254, 500)


async def test_nobody_is_told_of_what_stays_unknown(database: Database, customer_id: UUID) -> None:
    await hear(database, customer_id, IncomingConsent(EMAIL, MAYBE, NOON))
    assert await words(customer_id) == [("marketing_email", "unknown", True)]
    assert await told() == []


@pytest.mark.parametrize("count", [1, 20])
async def test_snapshots_cost_two_statements(database: Database, count: int) -> None:
    ids = [
        await database.write(BY, lambda uow, n=number: recognise(uow, Buyer("web", f"{n}@example.com")))
        for number in range(count)
    ]
    for id_ in ids:
        await say(database, id_, YES)
    with noted_statements() as statements:
        assert len(await customer_snapshots(ids)) == count
    assert len(statements) == 2
