"""What people see of each plugin: who it is, how it goes, and how it is set. No secret is in it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import BaseModel

from packhouse.hooks.loading import Candidate, PutAside
from packhouse.hooks.plugin_settings import REFERENCES
from packhouse.hooks.registry import KINDS
from packhouse.hooks.selection import DEFAULT
from packhouse.hooks.shapes import inside, is_secret, keys_of
from packhouse.hooks.tables import PluginTable, leaves
from packhouse.settings.redaction import hide_secrets
from packhouse.settings.references import reference_of

NOT_SET = "not set"


class PluginStatus(StrEnum):
    """How a plugin is doing in this process."""

    RUNNING = "running"
    LOADED = "loaded"
    FAILED_TO_START = "failed_to_start"
    STOPPED = "stopped"
    QUARANTINED = "quarantined"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class SettingReport:
    """One setting. `value` is JSON, None for a secret and where nothing is set; `source` says where it came from."""

    key: str
    source: str
    is_secret: bool
    value: str | None


@dataclass(frozen=True, slots=True)
class ProviderReport:
    """A provider that a plugin registered; `kind` is "carrier", "channel" and so on."""

    kind: str
    code: str
    title: str


@dataclass(frozen=True, slots=True)
class PluginReport:
    """One plugin, in use or not. What is not known of one that was not loaded is empty.

    `fixed_by`: what in files or environment says whether it runs. `needs_restart`: another version of it is installed than the
    one that this process has loaded.
    """

    code: str
    status: PluginStatus
    title: str = ""
    version: str = ""
    api: str = ""
    error: str = ""
    hooks: tuple[str, ...] = ()
    providers: tuple[ProviderReport, ...] = ()
    settings: tuple[SettingReport, ...] = ()
    addresses: tuple[str, ...] = ()
    is_built_in: bool = False
    fixed_by: str = ""
    needs_restart: bool = False


def report_of(candidate: Candidate, addresses: tuple[str, ...], *, needs_restart: bool, fixed_by: str) -> PluginReport:
    """A plugin in use."""
    manifest = candidate.manifest
    return PluginReport(
        code=manifest.code,
        status=PluginStatus(candidate.life.stage.value),
        title=manifest.title,
        version=manifest.version,
        api=manifest.api,
        error=candidate.life.error,
        hooks=tuple(sorted(candidate.hooks)),
        providers=tuple(
            ProviderReport(kind.name, provider.code, provider.title)
            for kind in KINDS
            for provider in candidate.contributions.get(kind.field, ())
        ),
        settings=setting_reports(manifest.settings, candidate.table),
        addresses=addresses,
        is_built_in=candidate.is_given,
        fixed_by=fixed_by,
        needs_restart=needs_restart,
    )


def report_of_aside(aside: PutAside, fixed_by: str) -> PluginReport:
    """A plugin that was left out."""
    manifest = aside.manifest
    return PluginReport(
        code=aside.name,
        status=PluginStatus.QUARANTINED,
        title="" if manifest is None else manifest.title,
        version="" if manifest is None else manifest.version,
        api="" if manifest is None else manifest.api,
        error=aside.reason,
        settings=setting_reports(None if manifest is None else manifest.settings, aside.table),
        fixed_by=fixed_by,
    )


def setting_reports(model: type[BaseModel] | None, table: PluginTable) -> tuple[SettingReport, ...]:
    """Every setting of a plugin: those that were given, and its model's others."""
    given = [_given(key, value, table) for key, value in leaves(table.values)]
    known = {each.key.partition(".")[0] for each in given}
    return tuple(given + ([] if model is None else list(_others(model, known))))


def _given(key: str, value: object, table: PluginTable) -> SettingReport:
    hidden = key in table.hidden
    reference = reference_of(value, REFERENCES)
    shown = None if hidden else _json(value if reference is None else dict([reference]))
    return SettingReport(key, table.sources.get(key, ""), hidden, shown)


def _others(model: type[BaseModel], known: set[str]) -> Iterator[SettingReport]:
    fields: Mapping[str, Any] = model.model_fields
    for field, key in zip(fields.values(), keys_of([model]), strict=True):
        if key in known:
            continue
        hidden = is_secret(inside([model], key))
        if field.is_required():
            yield SettingReport(key, NOT_SET, hidden, None)
        else:
            value = None if hidden else _json(field.get_default(call_default_factory=True))
            yield SettingReport(key, DEFAULT, hidden, value)


def _json(value: object) -> str:
    plain = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
    return json.dumps(hide_secrets(_listed(plain)), ensure_ascii=False, default=str)


def _listed(value: object) -> object:
    return sorted(value, key=str) if isinstance(value, set | frozenset) else value
