"""Reads of routing decisions."""

from packhouse.routing.models import RoutingDecision
from packhouse.storage.batches import by_id, children

routing_decisions_by_id = by_id(RoutingDecision)
routing_decisions_of_orders = children(RoutingDecision, "order_id", "decided_at")
