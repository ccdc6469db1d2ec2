"""The invitation templates: Trustpilot Invitation API v1, GET /private/business-units/{id}/templates."""

from packhouse.sdk import ProviderRefused
from packhouse_trustpilot.client import Call
from packhouse_trustpilot.mapping import Json, several, text
from packhouse_trustpilot.settings import TrustpilotSettings


def build_templates(settings: TrustpilotSettings) -> Call:
    """Ask for the templates: harmless, and it needs all of our credentials."""
    return Call("templates", "GET", f"/private/business-units/{settings.business_unit_id}/templates", invites=True)


def read_templates(payload: Json) -> frozenset[str]:
    """Their ids.

    Raises:
        AnswerUnreadable: `templates` is no list.
    """
    return frozenset(text(each, "id") for each in several(payload, "templates") if isinstance(each, dict))


def check_templates(known: frozenset[str], settings: TrustpilotSettings) -> str:
    """One line about what was found.

    Raises:
        ProviderRefused: a template in the settings is not among them.
    """
    for name in ("service_template_id", "product_template_id"):
        wanted = getattr(settings, name)
        if wanted and wanted not in known:
            raise ProviderRefused(f"Trustpilot has no invitation template {wanted} ({name})", code="TEMPLATE")
    return f"Trustpilot answered: business unit {settings.business_unit_id} has {len(known)} invitation templates"
