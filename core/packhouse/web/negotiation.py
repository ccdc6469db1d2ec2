"""Content negotiation as HTTP has it (RFC 9110, 12.5): media types are compared, never searched for as text."""

from collections.abc import Sequence
from dataclasses import dataclass
from email.message import Message


@dataclass(frozen=True, slots=True)
class MediaType:
    """A media type of a header, with its parameters in lower case."""

    name: str
    parameters: dict[str, str]

    @property
    def weight(self) -> float:
        """Its `q`; what cannot be read counts as not wanted."""
        try:
            return min(max(float(self.parameters.get("q", "1")), 0.0), 1.0)
        except ValueError:
            return 0.0

    def covers(self, offered: str) -> int:
        """How exactly it names an offered type: 0 not at all, 1 by `*/*`, 2 by `application/*`, 3 by its name."""
        if self.name == offered:
            return 3
        if self.name == "*/*":
            return 1
        return 2 if self.name == f"{offered.partition('/')[0]}/*" else 0


def read_media_type(text: str) -> MediaType:
    """A media type as in Content-Type."""
    message = Message()
    message["content-type"] = text
    (name, _), *parameters = message.get_params(failobj=[("", "")])
    return MediaType(name.strip().lower(), {key.strip().lower(): value.strip().lower() for key, value in parameters})


def choose_media_type(accept: str | None, offered: Sequence[str]) -> str | None:
    """The offered type that the client wants most, the first of equals; None if it takes none of them.

    An empty or missing header takes everything. Among equally wanted ones, the one the client names first wins.
    """
    ranges = [read_media_type(each) for each in (accept or "").split(",") if each.strip()]
    if not ranges:
        return offered[0]
    wanted: list[tuple[float, int, int, int]] = []
    for index, each in enumerate(offered):
        covering = [(media.covers(each), -place, media.weight) for place, media in enumerate(ranges)]
        exactness, place, weight = max(covering)
        if exactness and weight:
            wanted.append((weight, exactness, place, -index))
    return offered[-max(wanted)[-1]] if wanted else None


def names_media_type(accept: str | None, name: str) -> bool:
    """Whether the client asks for a type by its name: taking anything (`*/*`) is no wish for it."""
    ranges = [read_media_type(each) for each in (accept or "").split(",")]
    return any(media.name == name and media.weight > 0 for media in ranges)
