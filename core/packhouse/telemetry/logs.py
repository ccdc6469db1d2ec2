"""The log: structlog renders what the standard library's loggers are told, as JSON for machines or as text for people.

Every line says what its task is about (`bound`), and no line holds a secret.
"""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from packhouse.settings import LoggingSettings
from packhouse.telemetry.bound import bound_names
from packhouse.telemetry.secrets import Secrets

_BROKEN = '{"level":"error","event":"a line of the log could not be written"}\n'


def set_up_logs(settings: LoggingSettings, secrets: Secrets) -> None:
    """Let everything that is logged in this process go to standard error, said to structlog or to the standard library."""
    root = logging.getLogger()
    for each in list(root.handlers):
        root.removeHandler(each)
    root.addHandler(log_handler(settings, secrets))
    root.setLevel(settings.level)
    # it tells of each try to come back after an outage, with a trace; the outage itself is told by our own client
    logging.getLogger("asyncpg.pool").setLevel(logging.ERROR)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def log_handler(settings: LoggingSettings, secrets: Secrets, stream: TextIO | None = None) -> logging.Handler:
    """What writes lines to a stream; None: to whatever standard error is at that moment."""
    handler = _Handler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_FROM_RECORD,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.contextvars.merge_contextvars,
                _add_bound,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                _drop_told_trace,
                structlog.processors.StackInfoRenderer(),
                structlog.processors.format_exc_info,
                _Hiding(secrets),
                *_renderers(settings, stream or sys.stderr),
            ],
        )
    )
    return handler


class _Handler(logging.StreamHandler[TextIO]):
    """A line that cannot be rendered is told of without its content, which may be what was to be hidden."""

    def __init__(self, stream: TextIO | None) -> None:
        super().__init__(stream)
        self._given = stream

    @property
    def stream(self) -> TextIO:
        """Where lines go."""
        return self._given or sys.stderr

    @stream.setter
    def stream(self, stream: TextIO) -> None:
        self._given = stream

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  (the standard library's name)
        del record
        self.stream.write(_BROKEN)


class _Hiding:
    """Takes the secrets out of everything that a line says."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets

    def __call__(self, _: WrappedLogger, __: str, event_dict: EventDict) -> EventDict:
        hidden: MutableMapping[str, Any] = self._secrets.hide_within(event_dict)
        return hidden


def _add_bound(_: WrappedLogger, __: str, event_dict: EventDict) -> EventDict:
    for name, value in bound_names().items():
        if value is not None:
            event_dict.setdefault(name, value)
    return event_dict


def _drop_told_trace(_: WrappedLogger, __: str, event_dict: EventDict) -> EventDict:
    """Where an error was told when it began (`is_told`), as the loss of the database, its name and not its trace is what helps."""
    given = event_dict.get("exc_info")
    error = given[1] if isinstance(given, tuple) else given
    if getattr(error, "is_told", False):
        del event_dict["exc_info"]
        event_dict["cause"] = f"{type(error).__name__}: {error}"
    return event_dict


def _drop_repetitions(_: WrappedLogger, __: str, event_dict: EventDict) -> EventDict:
    """What says the line once more: other handlers leave its text and time, uvicorn its text in colours."""
    for name in ("message", "asctime", "color_message"):
        event_dict.pop(name, None)
    return event_dict


def _renderers(settings: LoggingSettings, stream: TextIO) -> list[Processor]:
    if settings.format == "text":
        return [structlog.dev.ConsoleRenderer(colors=stream.isatty(), sort_keys=False, pad_event_to=0)]
    return [structlog.processors.JSONRenderer(serializer=_as_json)]


def _as_json(event_dict: EventDict, **_: object) -> str:
    first = {name: event_dict[name] for name in ("timestamp", "level", "logger", "event") if name in event_dict}
    return orjson.dumps({**first, **event_dict}, default=str).decode()


_FROM_RECORD: list[Processor] = [
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.ExtraAdder(),
    _drop_repetitions,
]
