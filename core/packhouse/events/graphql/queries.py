"""Reading entries of the event log by id."""

from packhouse.events.graphql.types import Event
from packhouse.events.models import EventRow
from packhouse.storage.batches import by_id
from packhouse.web.graphql.nodes import reader

NODES = {"Event": reader(by_id(EventRow), Event.of)}
