"""Reads of feedback."""

from packhouse.feedback.models import QuarantinedReview, Review, ReviewRequest
from packhouse.storage.batches import by_id, children

reviews_by_id = by_id(Review)
review_requests_by_id = by_id(ReviewRequest)
quarantined_reviews_by_id = by_id(QuarantinedReview)
reviews_of_orders = children(Review, "order_id", "created_at")
review_requests_of_orders = children(ReviewRequest, "order_id", "send_at")
