"""Trustpilot as a review platform of Packhouse: invitations, service and product reviews, replies."""

from packhouse_trustpilot.plugin import Plugin
from packhouse_trustpilot.provider import TrustpilotProvider
from packhouse_trustpilot.settings import TrustpilotSettings

__all__ = ["Plugin", "TrustpilotProvider", "TrustpilotSettings"]
