"""What routing rules look at beside the stock, read only where the rules that decide look at it."""

from packhouse.routing.coordinates import with_coordinates
from packhouse.routing.questions import Question, RuleSet
from packhouse.routing.states import RuleKind
from packhouse.storage import Reader


async def with_facts(reader: Reader, question: Question, rules: RuleSet) -> Question:
    """The question with every fact that the rules need: a statement for each kind of fact, none for the built-in rules."""
    if rules.uses(RuleKind.NEAREST):
        (question,) = await with_coordinates(reader, [question])
    return question
