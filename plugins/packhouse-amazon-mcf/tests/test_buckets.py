"""The rates of Amazon's usage plans, on a clock of the test's own."""

import asyncio

import pytest

from packhouse.sdk import ProviderRateLimited
from packhouse_amazon_mcf.buckets import PLANS, Bucket, Buckets, Plan


class Time:
    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def bucket(time: Time) -> Bucket:
    return Bucket(Plan(2.0, 3), time.clock, time.sleep)


async def test_a_burst_goes_at_once_and_the_next_ones_wait_in_their_order(bucket: Bucket, time: Time) -> None:
    for _ in range(3):
        await bucket.take("getOrder")
    assert time.slept == []
    await asyncio.gather(*(bucket.take("getOrder") for _ in range(3)))
    assert time.slept == [0.5, 1.0, 1.5]


async def test_it_fills_up_with_time_and_no_further(bucket: Bucket, time: Time) -> None:
    for _ in range(3):
        await bucket.take("getOrder")
    time.now = 0.5
    await bucket.take("getOrder")
    assert time.slept == []
    time.now = 3600.0
    for _ in range(4):
        await bucket.take("getOrder")
    assert time.slept == [0.5]


async def test_who_would_wait_long_is_told_when_to_come_back_and_takes_nothing(bucket: Bucket, time: Time) -> None:
    bucket.empty(60.0)
    for _ in range(2):
        with pytest.raises(ProviderRateLimited) as limited:
            await bucket.take("getOrder")
        assert limited.value.retry_after == pytest.approx(60.0)
    time.now = 60.0
    await bucket.take("getOrder")
    assert time.slept == []


@pytest.mark.parametrize(
    ("limit", "rate"),
    [("0.5", 0.5), ("20", 20.0), ("", 2.0), ("fast", 2.0), ("0", 2.0), ("nan", 2.0), ("inf", 2.0), (None, 2.0)],
)
def test_the_rate_that_an_answer_names_counts(bucket: Bucket, limit: str | None, rate: float) -> None:
    bucket.learn(limit)
    assert bucket.rate == rate


def test_each_operation_has_its_own(time: Time) -> None:
    buckets = Buckets(0.1, time.clock, time.sleep)
    assert {name: (buckets.of(name).rate) for name in PLANS} == dict.fromkeys(PLANS, 0.2)
    assert Plan(2.0, 2).times(0.1) == Plan(0.2, 1.0)
    assert buckets.of("getOrder") is not buckets.of("createOrder")
