"""What strangers sent, as it is quoted to people."""

_BEGINNING, _END = 700, 250


def brief(message: str) -> str:
    """A message that may quote what a client sent, at a length that a person reads: of a longer one its beginning and its end."""
    return message if len(message) <= _BEGINNING + _END else f"{message[:_BEGINNING]}…{message[-_END:]}"
