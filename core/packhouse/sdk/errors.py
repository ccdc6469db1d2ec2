"""Errors that cross the border between Packhouse and its plugins.

PackhouseError
├── InvalidValue            a value that cannot be what it should be: names the field
├── Refused                 a business refusal with code and field; nothing was changed
├── WebhookRejected         an inbound webhook that is not to be trusted (answered 401)
├── Unreadable              an inbound message whose meaning cannot be read (goes to quarantine)
├── QueryRefused            a GraphQL query of a plugin that asks for what cannot be
├── QueryUnanswered         one that we could not answer now; try again later
├── BadMapping              a mapping file that cannot be used: names every problem
└── ProviderError           a call to somebody outside did not work
    ├── ProviderRefused         they said no, and would say no again
    ├── ProviderUnavailable     they cannot be reached or are broken; try again later
    ├── ProviderRateLimited     too many calls; try again after `retry_after` seconds
    ├── ProviderAuthFailed      our credentials do not work: pause and alert
    ├── ProviderGone            they want nothing more from us: pause until somebody resumes
    └── ProviderInDoubt         it may or may not have happened: ask them, never repeat blindly
"""

from collections.abc import Iterable


class PackhouseError(Exception):
    """Any error that Packhouse raises on purpose."""


class InvalidValue(PackhouseError):
    """A value cannot be what its field asks for."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


class Refused(PackhouseError):
    """A command was refused for a reason of the business, and nothing changed.

    `code` is upper snake case (INSUFFICIENT_STOCK), `field` the path of the input it concerns (lines.0.sku) or None.
    """

    def __init__(self, code: str, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field


class WebhookRejected(PackhouseError):
    """The signature, the time or the sender of an inbound webhook is wrong."""


class Unreadable(PackhouseError):
    """An inbound message cannot be read: `reason` says what is wrong and where."""

    def __init__(self, reason: str, field: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.field = field


class BadMapping(PackhouseError):
    """A mapping file cannot be used. `problems` holds a sentence for each thing that is wrong with it."""

    def __init__(self, mapping: str, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(f"{mapping}: {problem}" for problem in self.problems))


class QueryRefused(PackhouseError):
    """A plugin's GraphQL query was refused, and would be again. `reason` names what is wrong in it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class QueryUnanswered(PackhouseError):
    """A plugin's GraphQL query got no answer, for a reason on our side. Let it out of a hook for an event: that is tried again."""


class ProviderError(PackhouseError):
    """A call to somebody outside did not work. `detail` is safe to show: it holds no secret.

    `answer`: what they answered, as far as it helps to find out why; the host keeps its first 1,000 characters with the attempt, without
    the plugin's secrets.
    """

    def __init__(self, detail: str, *, code: str = "", answer: str = "") -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code
        self.answer = answer


class ProviderRefused(ProviderError):
    """They refused, and would refuse the same call again."""


class ProviderUnavailable(ProviderError):
    """They could not be reached, or failed on their side, before anything happened."""


class ProviderRateLimited(ProviderError):
    """Too many calls: try again after `retry_after` seconds."""

    def __init__(self, detail: str, *, retry_after: float, code: str = "", answer: str = "") -> None:
        super().__init__(detail, code=code, answer=answer)
        self.retry_after = retry_after


class ProviderAuthFailed(ProviderError):
    """Our credentials are not accepted."""


class ProviderGone(ProviderError):
    """They want nothing more from us: deliveries wait until somebody resumes them."""


class ProviderInDoubt(ProviderError):
    """The call was sent and no clear answer came: it may have happened."""
