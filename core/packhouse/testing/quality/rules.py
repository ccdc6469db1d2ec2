"""The rules of the quality scale, level by level."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from pydantic import BaseModel, SecretStr

from packhouse.testing.quality.inspection import Inspected, models_of

LEVELS = ("bronze", "silver", "gold")
_SECRET_WORDS = re.compile(r"(^|_)(secrets?|passwords?|tokens?|keys?)$")
_ERRORS = ("ProviderUnavailable", "ProviderRefused")
_PAST_AIOHTTP = {"boto3", "botocore", "grpc", "httpx", "pycurl", "requests", "urllib3", "websockets"}
_STANDARD = {"ftplib", "http.client", "imaplib", "poplib", "smtplib", "urllib.request", "xmlrpc.client"}
_EFFECTS = {"commit-then-drop", "duplicates", "reordering"}


@dataclass(frozen=True, slots=True)
class QualityRule:
    """Something that a plugin's author says about it. `check` gives what is wrong, None where nothing is; without it people look."""

    name: str
    level: str
    title: str
    check: Callable[[Inspected], str | None] | None = None


def _readme(plugin: Inspected) -> str | None:
    wanted = ["## Limits", *(["## Settings"] if _has_settings(plugin) else [])]
    missing = [heading for heading in wanted if not re.search(rf"^{heading}\b", plugin.readme, re.MULTILINE)]
    return f"README.md lacks {' and '.join(missing)}" if missing else None


def _settings_documented(plugin: Inspected) -> str | None:
    names = [name for model in _models(plugin) for name in model.model_fields]
    missing = sorted({name for name in names if not re.search(rf"\b{name}\b", plugin.readme, re.IGNORECASE)})
    return f"README.md does not name the settings {', '.join(missing)}" if missing else None


def _settings_strict(plugin: Inspected) -> str | None:
    loose = [model.__name__ for model in _models(plugin) if model.model_config.get("extra") != "forbid"]
    return f"unknown settings pass: {', '.join(loose)} needs extra='forbid'" if loose else None


def _secrets_hidden(plugin: Inspected) -> str | None:
    shown = [
        f"{model.__name__}.{name}"
        for model in _models(plugin)
        for name, field in model.model_fields.items()
        if _SECRET_WORDS.search(name) and SecretStr.__name__ not in str(field.annotation)
    ]
    return f"{', '.join(shown)} is no SecretStr" if shown else None


def _typed(plugin: Inspected) -> str | None:
    return None if (plugin.package / "py.typed").is_file() else f"{plugin.package.name}/py.typed is missing"


def _tested(plugin: Inspected) -> str | None:
    return None if any((plugin.folder / "tests").glob("test_*.py")) else "there are no tests"


def _conforms(plugin: Inspected) -> str | None:
    if plugin.subject is None:
        return "tests/conformance.py is missing"
    uses = any("read_subject" in file.read_text("utf-8") for file in (plugin.folder / "tests").glob("test_*.py"))
    return None if uses else "no test runs the conformance kit"


def _named(plugin: Inspected) -> str | None:
    code = plugin.manifest.code if plugin.manifest else ""
    points = plugin.project.get("entry-points", {}).get("packhouse.plugins", {})
    if plugin.distribution != f"packhouse-{code}" or code not in points:
        return (
            f"the distribution {plugin.distribution} and its entry point {', '.join(points)} are not named after {code}"
        )
    return None if plugin.package.is_dir() else f"there is no package {plugin.package.name}"


def _sdk_only(plugin: Inspected) -> str | None:
    inner = sorted({f"{file} imports {name}" for file, name in plugin.imports() if _is_inside(name)})
    return "; ".join(inner) or None


def _is_inside(module: str) -> bool:
    return module == "packhouse" or (module.startswith("packhouse.") and not _is_sdk(module))


def _is_sdk(module: str) -> bool:
    return module == "packhouse.sdk" or module.startswith("packhouse.sdk.")


def _failures_documented(plugin: Inspected) -> str | None:
    missing = [name for name in _ERRORS if name not in plugin.readme]
    return f"README.md does not say when {' and '.join(missing)} comes" if missing else None


def _once(plugin: Inspected) -> str | None:
    given_up = sorted(_EFFECTS & set(plugin.subject.exempt)) if plugin.subject else ["everything"]
    return f"the subject is exempt from {', '.join(given_up)}" if given_up else None


def _by_aiohttp(plugin: Inspected) -> str | None:
    other = {f"{file} imports {name}" for file, name in plugin.imports() if name.split(".")[0] in _PAST_AIOHTTP}
    other |= {f"{file} imports {name}" for file, name in plugin.imports() if name in _STANDARD}
    return "; ".join(sorted(other)) or None


def _models(plugin: Inspected) -> list[type[BaseModel]]:
    manifest = plugin.manifest
    return list(models_of(manifest.settings if manifest else None))


def _has_settings(plugin: Inspected) -> bool:
    return any(model.model_fields for model in _models(plugin))


RULES = (
    QualityRule("readme", "bronze", "README.md says what it does, how it is set up, and what it does not do", _readme),
    QualityRule("named", "bronze", "Distribution, package, entry point and code have one name", _named),
    QualityRule("sdk-only", "bronze", "It imports nothing of Packhouse but packhouse.sdk", _sdk_only),
    QualityRule("typed", "bronze", "It is typed, and says so", _typed),
    QualityRule("settings-documented", "bronze", "Every setting is in README.md", _settings_documented),
    QualityRule("settings-strict", "bronze", "Unknown settings are refused", _settings_strict),
    QualityRule("secrets-hidden", "bronze", "Settings that hold secrets show nothing", _secrets_hidden),
    QualityRule("tested", "bronze", "It has tests", _tested),
    QualityRule("conforms", "bronze", "It passes the conformance kit, in its own tests", _conforms),
    QualityRule(
        "fixtures-own", "silver", "Recorded answers are written by hand: no customer's data, no vendor's samples"
    ),
    QualityRule("api-pinned", "silver", "The version of the vendor's API is pinned, and README.md names it"),
    QualityRule(
        "failures-documented", "silver", "README.md says which failure becomes which error", _failures_documented
    ),
    QualityRule("once", "silver", "What must not happen twice does not, whatever gets lost or comes again", _once),
    QualityRule("paced", "silver", "It paces its calls by the rate limits that the vendor publishes"),
    QualityRule("vendor-described", "gold", "Requests are tested against the vendor's own description"),
    QualityRule("shadowed", "gold", "All its calls go through aiohttp, so that shadow mode can show them", _by_aiohttp),
)
