"""Reading feedback by id."""

from packhouse.feedback import queries
from packhouse.feedback.graphql.types import Review, ReviewRequest
from packhouse.web.graphql.nodes import reader

NODES = {
    "Review": reader(queries.reviews_by_id, Review.of),
    "ReviewRequest": reader(queries.review_requests_by_id, ReviewRequest.of),
}
