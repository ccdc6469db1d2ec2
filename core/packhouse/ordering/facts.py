"""What routing rules look at beside the stock, read only where the rules that decide look at it."""

from dataclasses import replace

from packhouse.fulfillment.queries import work_given_out
from packhouse.routing.capacity import day_began
from packhouse.routing.coordinates import with_coordinates
from packhouse.routing.questions import Question, RuleSet
from packhouse.routing.states import RuleKind
from packhouse.sdk import now
from packhouse.storage import Reader


async def with_facts(reader: Reader, question: Question, rules: RuleSet) -> Question:
    """The question with every fact that the rules need: a statement for each kind of fact, none for the built-in rules."""
    if rules.uses(RuleKind.NEAREST):
        (question,) = await with_coordinates(reader, [question])
    if rules.uses(RuleKind.CAPACITY):
        question = await _with_work(reader, question, rules)
    return question


async def _with_work(reader: Reader, question: Question, rules: RuleSet) -> Question:
    """With the work of locations that have a limit. Nothing is locked: orders placed at one moment may go a little over it."""
    at = now()
    limits = {
        limit["location"]: limit
        for rule in rules.rules
        if rule.kind is RuleKind.CAPACITY
        for limit in rule.options["limits"]
    }
    began = {each.location_id: day_began(limits[each.code], at) for each in question.candidates if each.code in limits}
    work = await work_given_out(reader, began)
    return replace(
        question,
        candidates=tuple(replace(each, work=work.get(each.location_id)) for each in question.candidates),
    )
