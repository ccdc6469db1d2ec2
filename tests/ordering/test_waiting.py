"""Whose turn it is, and that everybody's turn comes."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from packhouse.inventory.arrivals import ArrivalOn
from packhouse.ordering.waiting import UNDATED, Waiting, brought_forward, expected_date, give_out, rank_day

DAY = timedelta(days=1)
START = datetime(2030, 1, 1, 12, tzinfo=UTC)


def waiting(number: int, quantity: int = 1, *, day: int = 0, priority: int = 0, age: int = 0) -> Waiting:
    promised = START + day * DAY
    placed = START - timedelta(hours=age)
    return Waiting(UUID(int=number), f"PH-{number}", quantity, rank_day(promised, START), priority, placed, promised)


def given_to(free: int, *queue: Waiting) -> list[tuple[str, int]]:
    return [(gift.to.number, gift.units) for gift in give_out(free, queue, waiting=len(queue))]


def test_the_day_that_was_promised_comes_first_then_priority_then_age() -> None:
    late = waiting(1, day=2, priority=9, age=9)
    early = waiting(2, day=1)
    urgent = waiting(3, day=1, priority=1)
    old = waiting(4, day=1, age=5)
    assert given_to(9, late, early, urgent, old) == [("PH-3", 1), ("PH-4", 1), ("PH-2", 1), ("PH-1", 1)]


def test_everybody_gets_all_before_the_next_gets_any() -> None:
    assert given_to(4, waiting(1, 3), waiting(2, 3, day=1), waiting(3, 3, day=2)) == [("PH-1", 3), ("PH-2", 1)]
    assert given_to(0, waiting(1)) == given_to(-2, waiting(1)) == given_to(5) == []


def test_each_is_told_why_it_was_its_turn() -> None:
    queue = [waiting(1, day=1), waiting(2, day=2, priority=5), waiting(3, day=2), waiting(4, day=2, age=-1)]
    explained = [gift.explanation for gift in give_out(3, queue, waiting=7)]
    assert explained == [
        "1 of 7 that wait: promised for 2030-01-02, priority 0; next PH-2, as this one is promised for an earlier day",
        (
            "2 of 7 that wait: promised for 2030-01-03, priority 5; before it 1 promised for an earlier day; "
            "next PH-3, as this one is of higher priority"
        ),
        (
            "3 of 7 that wait: promised for 2030-01-03, priority 0; before it 1 promised for an earlier day, "
            "1 of higher priority; next PH-4, as this one is older"
        ),
    ]
    undated = replace(waiting(5), promised_at=None)
    [gift] = give_out(1, [undated], waiting=1)
    assert gift.explanation == "1 of 1 that wait: no date promised, served as if for 2030-01-01, priority 0"


def test_what_is_expected_is_the_arrival_that_brings_the_last_unit() -> None:
    arrivals = [ArrivalOn(START + 2 * DAY, 5), ArrivalOn(START + 9 * DAY, 5)]
    assert expected_date(arrivals, 0, 5, START) == START + 2 * DAY
    assert expected_date(arrivals, 3, 3, START) == START + 9 * DAY
    assert expected_date(arrivals, 8, 3, START) is None
    assert expected_date([], 0, 1, START) is None


def test_a_pre_order_is_expected_on_its_day_or_later() -> None:
    day = START + 5 * DAY
    arrivals = [ArrivalOn(START + 2 * DAY, 1), ArrivalOn(START + 9 * DAY, 1)]
    assert expected_date([], 0, 1, START, day) == day
    assert expected_date(arrivals, 0, 1, START, day) == day
    assert expected_date(arrivals, 1, 1, START, day) == START + 9 * DAY


def test_what_is_overdue_is_expected_today() -> None:
    assert expected_date([ArrivalOn(START - 3 * DAY, 1)], 0, 1, START) == datetime(2030, 1, 1, tzinfo=UTC)


def test_a_delay_costs_nobody_their_turn_and_an_earlier_arrival_brings_them_forward() -> None:
    promised, day = START + 5 * DAY, rank_day(START + 5 * DAY, START)
    assert brought_forward(promised, day, START + 9 * DAY) == (promised, day)
    assert brought_forward(promised, day, None) == (promised, day)
    sooner = START + 2 * DAY
    assert brought_forward(promised, day, sooner) == (sooner, rank_day(sooner, START))
    assert brought_forward(None, rank_day(None, START), promised) == (promised, day)


def test_without_a_date_it_is_served_as_if_promised_for_later() -> None:
    assert rank_day(None, START) == rank_day(START + UNDATED, START) == datetime(2030, 1, 31, tzinfo=UTC)


@dataclass
class Shop:
    """Orders that wait for one article at one location, day by day, by the rules alone."""

    today: int = 0
    orders: int = 0

    def __post_init__(self) -> None:
        self.queue: dict[UUID, Waiting] = {}
        self.arrivals: list[tuple[int, int]] = []

    @property
    def at(self) -> datetime:
        return START + self.today * DAY

    def place(self, quantity: int, priority: int) -> None:
        self.orders += 1
        known = [ArrivalOn(START + day * DAY, units) for day, units in sorted(self.arrivals)]
        ahead = sum(each.quantity for each in self.queue.values())
        promised = expected_date(known, ahead, quantity, self.at)
        id_ = UUID(int=self.orders)
        self.queue[id_] = Waiting(
            id_, f"PH-{self.orders}", quantity, rank_day(promised, self.at), priority, self.at, promised
        )

    def announce(self, after: int, units: int) -> None:
        """Goods on their way: whoever waits is told another date, which may bring them forward."""
        self.arrivals.append((self.today + after, units))
        known = [ArrivalOn(START + day * DAY, came) for day, came in sorted(self.arrivals)]
        ahead = 0
        for each in sorted(self.queue.values(), key=lambda each: each.rank):
            expected = expected_date(known, ahead, each.quantity, self.at)
            ahead += each.quantity
            promised_at, rank_on = brought_forward(each.promised_at, each.rank_on, expected)
            self.queue[each.id] = replace(each, promised_at=promised_at, rank_on=rank_on)

    def cancel(self, which: int) -> None:
        if self.queue:
            del self.queue[sorted(self.queue)[which % len(self.queue)]]

    def come(self, units: int) -> None:
        for gift in give_out(units, self.queue.values(), waiting=len(self.queue)):
            if gift.units == gift.to.quantity:
                del self.queue[gift.to.id]
            else:
                self.queue[gift.to.id] = replace(gift.to, quantity=gift.to.quantity - gift.units)


_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("place"), st.integers(1, 4), st.integers(-3, 3)),
        st.tuples(st.just("announce"), st.integers(0, 20), st.integers(1, 9)),
        st.tuples(st.just("come"), st.integers(0, 5), st.just(0)),
        st.tuples(st.just("cancel"), st.integers(0, 9), st.just(0)),
        st.tuples(st.just("day"), st.integers(1, 3), st.just(0)),
    ),
    max_size=30,
)


@given(before=_STEPS, victim=st.integers(1, 4), after=_STEPS)
@settings(max_examples=200, deadline=None)
def test_nobody_starves_however_many_come_later_with_whatever_priority(
    before: list[tuple[str, int, int]], victim: int, after: list[tuple[str, int, int]]
) -> None:
    """From an order's day on nobody who is placed later goes before it, so a unit a day reaches it in the end."""
    shop = Shop()
    _walk(shop, before)
    shop.place(victim, -5)
    mine = UUID(int=shop.orders)
    _walk(shop, after)
    if mine not in shop.queue:
        return
    # then a flood: every day three units are ordered with the highest priority, and only one comes
    last_day = (shop.queue[mine].rank_on - START).days + 1
    shop.today = max(shop.today, last_day + 1)
    before_it = sum(each.quantity for each in shop.queue.values() if each.rank <= shop.queue[mine].rank)
    for _ in range(before_it):
        shop.place(3, 1_000)
        shop.announce(0, 3)
        shop.come(1)
        shop.today += 1
    assert mine not in shop.queue


@given(before=_STEPS, units=st.integers(1, 30))
@settings(max_examples=100, deadline=None)
def test_nothing_is_given_twice_or_past_whose_turn_it_is(before: list[tuple[str, int, int]], units: int) -> None:
    shop = Shop()
    _walk(shop, before)
    waited = sum(each.quantity for each in shop.queue.values())
    gifts = give_out(units, shop.queue.values(), waiting=len(shop.queue))
    assert sum(gift.units for gift in gifts) == min(units, waited)
    turns = [each.id for each in sorted(shop.queue.values(), key=lambda each: each.rank)]
    assert [gift.to.id for gift in gifts] == turns[: len(gifts)]
    assert all(gift.units == gift.to.quantity for gift in gifts[:-1])


def _walk(shop: Shop, steps: list[tuple[str, int, int]]) -> None:
    for name, first, second in steps:
        if name == "place":
            shop.place(first, second)
        elif name == "announce":
            shop.announce(first, second)
        elif name == "come":
            shop.come(first)
        elif name == "cancel":
            shop.cancel(first)
        else:
            shop.today += first
