"""Whether a change of a plugin may be made: who has a say, and whether the plugin would work with it. Nothing is written here."""

from dataclasses import replace

from packhouse.hooks import PluginHost
from packhouse.hooks.loading import PutAside
from packhouse.hooks.reports import PluginReport
from packhouse.hooks.tables import DATABASE, leaves, plain_secrets
from packhouse.plugins.changes import Change, Configure, DeleteSecret, Disable, Enable, KeepSecret, changed
from packhouse.plugins.stored import Stored
from packhouse.sdk.errors import Refused


def try_change(host: PluginHost, stored: Stored, change: Change) -> Stored:
    """What the database would say after a change, tried out on the plugin itself; it blocks, so call it in a thread.

    Raises:
        Refused: UNKNOWN_PLUGIN, BUILT_IN; FIXED: files or environment decide that; SECRET_IN_PLAIN; NOT_VALID: the plugin would
            not work with it, or another one that runs would not any more; what `changed` raises.
    """
    report = next((each for each in host.reports() if each.code == change.code), None)
    _refuse_unknown(report, change)
    _refuse_fixed(host, change)
    proposed = stored.with_choice(change.code, changed(stored.of(change.code), change))
    match change:
        case Enable() | Configure():
            _refuse_broken(_broken(host, proposed, change), change)
        case KeepSecret() | DeleteSecret():
            _refuse_breaking(host, stored, proposed, change)
    return proposed


def _refuse_unknown(report: PluginReport | None, change: Change) -> None:
    if report is None:
        raise Refused("UNKNOWN_PLUGIN", f"there is no plugin {change.code}: it is not installed", "code")
    if report.is_built_in:
        raise Refused("BUILT_IN", f"{change.code} is part of Packhouse: it always runs, and has no settings", "code")


def _refuse_fixed(host: PluginHost, change: Change) -> None:
    if isinstance(change, Enable | Disable) and (fixed_by := host.selection.fixed_by(change.code)):
        raise Refused("FIXED", f"whether {change.code} runs is said by {fixed_by}: change it there", "code")
    if isinstance(change, Configure):
        table = host.selection.table(change.code)
        fixed = [key for key, _ in leaves(table.values) if table.sources[key] != DATABASE]
        for key in (*change.values, *change.unset):
            above = next((each for each in fixed if _overlap(each, key)), None)
            if above is not None:
                raise Refused("FIXED", f"{above} is set by {table.sources[above]}: change it there", f"settings.{key}")


def _overlap(one: str, other: str) -> bool:
    return f"{one}.".startswith(f"{other}.") or f"{other}.".startswith(f"{one}.")


def _broken(host: PluginHost, stored: Stored, change: Change) -> PutAside | None:
    """Why the plugin would not work, or what other one that runs would not any more, because it comes later and claims the same;
    None where all do.

    Raises:
        Refused: SECRET_IN_PLAIN.
    """
    tried = host.remade(replace(host.selection, stored=stored.choices, strict=False, trial=change.code, quiet=True))
    candidate = tried.candidates.get(change.code)
    # of two with one name, one may be in use
    aside = None if candidate is not None else next((each for each in tried.aside if each.name == change.code), None)
    manifest = candidate.manifest if candidate is not None else aside.manifest if aside is not None else None
    if isinstance(change, Configure) and manifest is not None and manifest.settings is not None:
        for key in plain_secrets(stored.of(change.code).table, [manifest.settings]):
            raise Refused(
                "SECRET_IN_PLAIN",
                f"{key} is a secret: keep it with setPluginSecret or `packhouse plugin secret set {change.code} NAME`, and name "
                'it here: {"secret": "NAME"}',
                f"settings.{key}",
            )
    running = host.candidates.keys() - {change.code}
    ousted = (each for each in tried.aside if each.rival == change.code and each.name in running)
    return aside or next(ousted, None)


def _refuse_broken(broken: PutAside | None, change: Change) -> None:
    if broken is not None:
        ours = broken.keys if broken.name == change.code else ()
        field = f"settings.{ours[0]}" if ours else "code"
        raise Refused("NOT_VALID", f"plugin {broken.name} would not work: {broken.reason}", field)


def _refuse_breaking(host: PluginHost, stored: Stored, proposed: Stored, change: KeepSecret | DeleteSecret) -> None:
    """A secret may be kept before the plugin has all that it needs; but what works is not broken by it."""
    broken = _broken(host, proposed, change)
    if broken is not None and (change.name in broken.keys or _broken(host, stored, change) is None):
        field = "value" if isinstance(change, KeepSecret) else "name"
        raise Refused("NOT_VALID", f"plugin {broken.name} would not work: {broken.reason}", field)
