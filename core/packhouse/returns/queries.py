"""Reads of returns."""

from packhouse.returns.models import Return, ReturnInspection, ReturnLine
from packhouse.storage.batches import by_id, children

returns_by_id = by_id(Return)
return_lines_by_id = by_id(ReturnLine)
inspections_by_id = by_id(ReturnInspection)
returns_of_orders = children(Return, "order_id", "requested_at")
lines_of_returns = children(ReturnLine, "return_request_id")
inspections_of_lines = children(ReturnInspection, "return_line_id", "inspected_at")
