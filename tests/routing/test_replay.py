from datetime import timedelta

from packhouse.routing.models import RoutingDecision
from packhouse.routing.replay import replay_routing
from packhouse.sdk import now
from packhouse.storage import Database
from packhouse.testing.factories import make_order, make_shop


async def test_pages_bring_every_decision_once_and_say_how_far_they_are(database: Database) -> None:
    await make_shop(database, units=50)
    for _ in range(7):
        await make_order(database)
    since, until = now() - timedelta(minutes=1), now() + timedelta(minutes=1)
    seen = [figures.decisions async for figures in replay_routing(database, since, until, page=3)]
    assert seen == [3, 6, 7]
    whole = [figures async for figures in replay_routing(database, since, until)][-1]
    assert (whole.decisions, whole.same, whole.is_complete) == (7, 7, True)


async def test_decisions_without_a_question_are_counted_and_passed_over(database: Database) -> None:
    await make_shop(database)
    first, second = await make_order(database), await make_order(database)
    await RoutingDecision.filter(order_id=first.id).update(question={})
    await RoutingDecision.filter(order_id=second.id).update(rule_version="web-9")
    span = now() - timedelta(minutes=1), now() + timedelta(minutes=1)
    (figures,) = [each async for each in replay_routing(database, *span)]
    assert (figures.decisions, figures.same, figures.unknown) == (2, 0, 2)
