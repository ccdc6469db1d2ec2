"""Plugins, as people see them."""

import strawberry

from packhouse.events.graphql.deliveries import PluginDeliveries
from packhouse.hooks.reports import PluginReport, PluginStatus, ProviderReport, SettingReport
from packhouse.web.graphql.enums import expose

expose(PluginStatus)


@strawberry.type(description="Something that a plugin can do with somebody: a carrier, a channel, a network.")
class PluginProvider:
    kind: str = strawberry.field(
        description="carrier, channel, fulfillment network, payment provider or review platform."
    )
    code: str = strawberry.field(description="The name by which it is used.")
    title: str = strawberry.field(description="Its name for people.")

    @classmethod
    def of(cls, report: ProviderReport) -> "PluginProvider":
        """The provider of a report."""
        return cls(kind=report.kind, code=report.code, title=report.title)


@strawberry.type(description="A setting of a plugin.")
class PluginSetting:
    key: str = strawberry.field(description="Dotted, as in the plugin's README.")
    source: str = strawberry.field(
        description="Where the value is from: a file, an environment variable, database, stored secret, default, not set."
    )
    is_secret: bool = strawberry.field(description="Whether the value is never shown.")
    value: str | None = strawberry.field(description="The value as JSON; null for a secret and where nothing is set.")

    @classmethod
    def of(cls, report: SettingReport) -> "PluginSetting":
        """The setting of a report."""
        return cls(key=report.key, source=report.source, is_secret=report.is_secret, value=report.value)


@strawberry.type(description="A plugin that is built in, installed, or wanted.")
class Plugin:
    code: str = strawberry.field(description="Its name in settings and events.")
    status: PluginStatus = strawberry.field(description="How it is doing in the process that answers.")
    title: str | None = strawberry.field(description="Its name for people; null where it is not loaded.")
    version: str | None = strawberry.field(description="The version that is loaded, or else installed.")
    api: str | None = strawberry.field(description="The version of the SDK that it was written for.")
    error: str | None = strawberry.field(description="Why it was left out, or could not start; without secrets.")
    hooks: list[str] = strawberry.field(description="The hooks that it implements.")
    providers: list[PluginProvider] = strawberry.field(description="What it registered.")
    settings: list[PluginSetting] = strawberry.field(description="Its settings, secrets without their values.")
    deliveries: list[PluginDeliveries] = strawberry.field(
        description="How deliveries to it and to its recipients are going."
    )
    built_in: bool = strawberry.field(description="Whether it is a part of Packhouse, which always runs.")
    fixed_by: str | None = strawberry.field(
        description="What in files or environment says whether it runs; null where enabling and disabling it works here."
    )
    needs_restart: bool = strawberry.field(
        description="Whether another version is installed than the one that is loaded: it is used after a restart."
    )

    @classmethod
    def of(cls, report: PluginReport) -> "Plugin":
        """The plugin of a report."""
        return cls(
            code=report.code,
            status=report.status,
            title=report.title or None,
            version=report.version or None,
            api=report.api or None,
            error=report.error or None,
            hooks=list(report.hooks),
            providers=[PluginProvider.of(each) for each in report.providers],
            settings=[PluginSetting.of(each) for each in report.settings],
            deliveries=[PluginDeliveries(plugin=address) for address in report.addresses],
            built_in=report.is_built_in,
            fixed_by=report.fixed_by or None,
            needs_restart=report.needs_restart,
        )
