"""Changing plugins while the server runs; every process takes it over within seconds."""

import strawberry
from pydantic import SecretStr
from strawberry.scalars import JSON

from packhouse.plugins.changes import Change, Configure, DeleteSecret, Disable, Enable, KeepSecret
from packhouse.plugins.graphql.types import Plugin
from packhouse.web.context import Info
from packhouse.web.graphql.payloads import UserError, attempt


@strawberry.input(description="A plugin that shall run.")
class EnablePluginInput:
    code: str = strawberry.field(description="Its code.")


@strawberry.input(description="A plugin that shall run no more. Deliveries that wait are made when it runs again.")
class DisablePluginInput:
    code: str = strawberry.field(description="Its code.")


@strawberry.input(description="The value of a setting.")
class PluginSettingInput:
    key: str = strawberry.field(description="Dotted: `endpoints.shop.url`.")
    value: JSON = strawberry.field(
        description='The value; in place of a secret the name of a stored one: `{"secret": "NAME"}`.'
    )


@strawberry.input(description="Settings of a plugin to change; those that are not named stay.")
class ConfigurePluginInput:
    code: str = strawberry.field(description="The plugin's code.")
    set: list[PluginSettingInput] = strawberry.field(default_factory=list, description="To be set.")
    unset: list[str] = strawberry.field(default_factory=list, description="Dotted keys that go back to their defaults.")


@strawberry.input(description="A secret to keep, encrypted. It is never shown again.")
class SetPluginSecretInput:
    code: str = strawberry.field(description="The plugin's code.")
    name: str = strawberry.field(
        description="The key of the setting, or any name that settings refer to by `{secret: NAME}`."
    )
    value: str = strawberry.field(description="The secret.")


@strawberry.input(description="A secret to forget.")
class DeletePluginSecretInput:
    code: str = strawberry.field(description="The plugin's code.")
    name: str = strawberry.field(description="The secret's name.")


@strawberry.type(description="The plugin after a change.")
class PluginPayload:
    plugin: Plugin | None = strawberry.field(
        description="The plugin as it is now; null where nothing was changed, or where it is gone."
    )
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed; empty when it worked.")


@strawberry.type(description="Changes of plugins.")
class PluginsMutations:
    @strawberry.mutation(description="Let an installed plugin run, from now on and after every restart.")
    async def enable_plugin(self, info: Info, input: EnablePluginInput) -> PluginPayload:
        return await _changed(info, Enable(input.code))

    @strawberry.mutation(description="Let a plugin run no more.")
    async def disable_plugin(self, info: Info, input: DisablePluginInput) -> PluginPayload:
        return await _changed(info, Disable(input.code))

    @strawberry.mutation(description="Change settings of a plugin, if it works with them.")
    async def configure_plugin(self, info: Info, input: ConfigurePluginInput) -> PluginPayload:
        values = {each.key: each.value for each in input.set}
        return await _changed(info, Configure(input.code, values, tuple(input.unset)))

    @strawberry.mutation(description="Keep a secret of a plugin, in place of the one that has its name.")
    async def set_plugin_secret(self, info: Info, input: SetPluginSecretInput) -> PluginPayload:
        return await _changed(info, KeepSecret(input.code, input.name, SecretStr(input.value)))

    @strawberry.mutation(description="Forget a secret of a plugin.")
    async def delete_plugin_secret(self, info: Info, input: DeletePluginSecretInput) -> PluginPayload:
        return await _changed(info, DeleteSecret(input.code, input.name))


async def _changed(info: Info, change: Change) -> PluginPayload:
    context = info.context
    _, errors = await attempt(context.plugins.change(context.database, context.write, change))
    found = (each for each in context.plugins.reports() if each.code == change.code) if not errors else iter(())
    report = next(found, None)
    return PluginPayload(plugin=None if report is None else Plugin.of(report), user_errors=errors)
