"""Reading routing decisions by id."""

from packhouse.routing import queries
from packhouse.routing.graphql.types import RoutingDecision
from packhouse.web.graphql.nodes import reader

NODES = {"RoutingDecision": reader(queries.routing_decisions_by_id, RoutingDecision.of)}
