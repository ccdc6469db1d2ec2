"""What the plugin gives has the types of the contract, money of decimals, and times in UTC."""

from collections.abc import Iterable
from functools import partial

from packhouse.testing.conformance.kit import Kit, Look, Rule
from packhouse.testing.conformance.shapes import MONEY, SHAPE, TIME, Wrong, answer_of, wrongs
from packhouse.testing.conformance.webhooks import orders_in


async def _answers(about: str, kit: Kit) -> Look:
    look = Look("it gives nothing")
    for operation in kit.operations:
        trial = await kit.baseline(operation)
        if trial.first.error is None and operation.event is None:
            annotation = answer_of(operation)
            found = wrongs(trial.first.result, annotation)
            look.see("; ".join(_about(about, found, str(operation))) or None)
    for webhook in kit.subject.webhooks:
        orders = await orders_in(kit.subject, webhook)
        look.see("; ".join(_about(about, wrongs(orders), f"webhook {webhook.topic}")) or None)
    return look


def _about(about: str, found: Iterable[Wrong], where: str) -> list[str]:
    return [f"{where}: {each.text}" for each in found if each.about == about]


RULES = (
    Rule("contract", "Answers have the types of the contract", partial(_answers, SHAPE)),
    Rule("money", "Money is made of decimals that its currency can express", partial(_answers, MONEY)),
    Rule("utc", "Times know their zone, and are in UTC", partial(_answers, TIME)),
)
