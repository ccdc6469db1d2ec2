"""Documents that were parsed and found valid before: clients send the same few over and over.

Parsing and validating cost more than most answers. Only valid documents are kept, the least used goes first, and long ones
are not kept at all, so the memory is bounded.
"""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field

from graphql import DocumentNode

from packhouse.web.graphql.access import Access, Needs, needs_of

MOST = 500
LONGEST = 16_384


@dataclass(frozen=True, slots=True)
class ValidDocument:
    """A parsed document that is valid, and what its operations need, as far as somebody asked."""

    document: DocumentNode
    _needs: dict[str | None, Needs] = field(default_factory=dict)

    def needs(self, access: Access, operation_name: str | None) -> Needs:
        """The permissions that an operation of it needs."""
        known = self._needs.get(operation_name)
        if known is None:
            known = self._needs[operation_name] = needs_of(access, self.document, operation_name)
        return known


class KnownDocuments:
    """Valid documents by their text and the limits that they were checked with."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._documents: OrderedDict[tuple[str, Hashable], ValidDocument] = OrderedDict()

    def find(self, text: str, limits: Hashable) -> ValidDocument | None:
        """The document, if it is known to be valid."""
        key = (text, limits)
        document = self._documents.get(key)
        if document is not None:
            self._documents.move_to_end(key)
        return document

    def keep(self, text: str, limits: Hashable, document: ValidDocument) -> None:
        """Remember a valid document."""
        if len(text) > LONGEST:
            return
        self._documents[text, limits] = document
        if len(self._documents) > self._most:
            self._documents.popitem(last=False)
