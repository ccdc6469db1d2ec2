"""Documents that were parsed and found valid before: clients send the same few over and over.

Parsing and validating cost more than most answers. Only valid documents are kept, the least used goes first, and long ones
are not kept at all, so the memory is bounded.
"""

from collections import OrderedDict
from collections.abc import Hashable

from graphql import DocumentNode

MOST = 500
LONGEST = 16_384


class KnownDocuments:
    """The parsed form of valid documents by their text and the limits that they were checked with."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._documents: OrderedDict[tuple[str, Hashable], DocumentNode] = OrderedDict()

    def find(self, text: str, limits: Hashable) -> DocumentNode | None:
        """The document, if it is known to be valid."""
        key = (text, limits)
        document = self._documents.get(key)
        if document is not None:
            self._documents.move_to_end(key)
        return document

    def keep(self, text: str, limits: Hashable, document: DocumentNode) -> None:
        """Remember a valid document."""
        if len(text) > LONGEST:
            return
        self._documents[text, limits] = document
        if len(self._documents) > self._most:
            self._documents.popitem(last=False)
