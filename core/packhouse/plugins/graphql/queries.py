"""Reading which plugins there are."""

import strawberry

from packhouse.plugins.graphql.types import Plugin
from packhouse.web.context import Info


@strawberry.type
class PluginsQueries:
    @strawberry.field(
        description="Every plugin: those in use, those that were left out, and installed ones that do not run."
    )
    async def plugins(self, info: Info) -> list[Plugin]:
        return [Plugin.of(report) for report in info.context.plugins.reports()]
