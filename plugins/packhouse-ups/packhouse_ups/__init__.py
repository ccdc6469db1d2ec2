"""UPS as a carrier of Packhouse: rates, labels, voids and tracking."""

from packhouse_ups.plugin import Plugin
from packhouse_ups.provider import UpsProvider
from packhouse_ups.settings import ShipperSettings, UpsSettings

__all__ = ["Plugin", "ShipperSettings", "UpsProvider", "UpsSettings"]
