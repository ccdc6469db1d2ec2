"""What a report is asked for."""

from datetime import datetime

import strawberry

from packhouse.reporting.rules import OrderFilter, Period


@strawberry.input(description="Orders placed within a time; a side that is left out is open.")
class ReportPeriod:
    from_: datetime | None = strawberry.field(
        name="from", default=None, description="Placed at this moment or later; with a time zone."
    )
    to: datetime | None = strawberry.field(default=None, description="Placed before this moment; with a time zone.")

    def value(self) -> Period:
        """The checked period.

        Raises:
            InvalidValue: a time without a zone, or an end that is not after the start.
        """
        return Period(self.from_, self.to)


@strawberry.input(description="Which orders count. Drafts never do.")
class ReportFilter:
    channels: list[str] | None = strawberry.field(default=None, description="Codes of channels; all if left out.")
    include_demo: bool = strawberry.field(default=False, description="Count demo orders too.")
    include_imported: bool = strawberry.field(default=True, description="Count imported history too.")

    def value(self) -> OrderFilter:
        """The filter."""
        channels = None if self.channels is None else tuple(self.channels)
        return OrderFilter(channels, self.include_demo, self.include_imported)
