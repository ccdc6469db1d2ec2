"""Stored GraphQL documents: what they ask for has to be something that an event can answer."""

from functools import lru_cache

from graphql import GraphQLError, OperationDefinitionNode, OperationType, parse

from packhouse.sdk import QueryRefused

VARIABLES = frozenset({"orderId", "eventId", "eventType"})


@lru_cache(maxsize=256)
def known_variables(endpoint: str, document: str) -> frozenset[str]:
    """The variables that a document declares.

    Raises:
        QueryRefused: it cannot be parsed, is not one query, or declares a variable that no event has.
    """
    try:
        definitions = parse(document).definitions
    except GraphQLError as error:
        raise QueryRefused(f"the document of endpoint {endpoint}: {error.message}") from None
    operations = [each for each in definitions if isinstance(each, OperationDefinitionNode)]
    if len(operations) != 1 or operations[0].operation is not OperationType.QUERY:
        raise QueryRefused(f"the document of endpoint {endpoint} has to be one query")
    declared = frozenset(each.variable.name.value for each in operations[0].variable_definitions or ())
    if declared - VARIABLES:
        unknown = ", ".join(sorted(declared - VARIABLES))
        raise QueryRefused(
            f"the document of endpoint {endpoint} declares {unknown}; known: {', '.join(sorted(VARIABLES))}"
        )
    return declared
