"""The whole examination of a plugin, rule by rule."""

from collections.abc import Callable, Sequence

from packhouse.sdk import PackhouseError, PluginManifest
from packhouse.testing.conformance.kit import Kit, Report
from packhouse.testing.conformance.rules import RULES
from packhouse.testing.conformance.subject import Subject


class UnknownRule(PackhouseError):
    """A rule that the kit does not have."""


async def examine(
    subject: Subject, only: Sequence[str] = (), progress: Callable[[str], None] = lambda _: None
) -> Report:
    """Check every rule, or `only` some of them; `progress` is called with the name of each before it is checked.

    Raises:
        UnknownRule: there is no such rule.
    """
    known = {rule.name: rule for rule in RULES}
    for name in (*only, *subject.exempt):
        if name not in known:
            raise UnknownRule(f"there is no rule {name!r}; there are {', '.join(known)}")
    kit = Kit(subject)
    findings = []
    for rule in RULES:
        if not only or rule.name in only:
            progress(rule.name)
            findings.append(await kit.examine(rule))
    code, version = _names(subject)
    return Report(code, version, tuple(findings))


def _names(subject: Subject) -> tuple[str, str]:
    try:
        manifest = subject.plugin().plugin_manifest()
    except Exception:  # noqa: BLE001  (it may be broken in any way, which the rule for loading says)
        return subject.plugin.__name__, ""
    if not isinstance(manifest, PluginManifest):
        return subject.plugin.__name__, ""
    return manifest.code, manifest.version
