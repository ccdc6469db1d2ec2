"""UPS codes and what they mean to Packhouse: services, units, label formats, tracking statuses.

Sources: UPS Shipping v2409 (`Shipment_Service`, `LabelSpecification`), Rating v2409 and Tracking v1.
"""

from packhouse.sdk import TrackingStatus

CARRIER = "ups"
TITLE = "UPS"

SERVICES = {
    "01": "UPS Next Day Air",
    "02": "UPS 2nd Day Air",
    "03": "UPS Ground",
    "07": "UPS Worldwide Express",
    "08": "UPS Worldwide Expedited",
    "11": "UPS Standard",
    "12": "UPS 3 Day Select",
    "13": "UPS Next Day Air Saver",
    "14": "UPS Next Day Air Early",
    "17": "UPS Worldwide Economy DDU",
    "54": "UPS Worldwide Express Plus",
    "59": "UPS 2nd Day Air A.M.",
    "65": "UPS Worldwide Saver",
    "70": "UPS Access Point Economy",
    "71": "UPS Worldwide Express Freight Midday",
    "72": "UPS Worldwide Economy DDP",
    "74": "UPS Express 12:00",
    "75": "UPS Heavy Goods",
    "82": "UPS Today Standard",
    "83": "UPS Today Dedicated Courier",
    "84": "UPS Today Intercity",
    "85": "UPS Today Express",
    "86": "UPS Today Express Saver",
    "96": "UPS Worldwide Express Freight",
    "M2": "UPS First Class Mail",
    "M3": "UPS Priority Mail",
    "M4": "UPS Expedited Mail Innovations",
    "M5": "UPS Priority Mail Innovations",
    "M6": "UPS Economy Mail Innovations",
}
_CODES = {name.casefold(): code for code, name in SERVICES.items()} | {
    name.removeprefix("UPS ").casefold(): code for code, name in SERVICES.items()
}


def service_name(code: str) -> str:
    """The name of a service code; the code itself where it is not known."""
    return SERVICES.get(code, f"UPS service {code}")


def service_code(service: str) -> str | None:
    """The code of a service given by its code or name ("03", "UPS Ground", "ground"); None where it is neither."""
    text = service.strip()
    return text.upper() if text.upper() in SERVICES else _CODES.get(text.casefold())


# The places whose parcels UPS weighs in pounds and measures in inches: the United States and its territories.
IMPERIAL = frozenset({"US", "PR", "VI", "GU", "AS", "MP"})
# Lanes on which UPS takes a reference for each package; on all others it takes one for the shipment.
PACKAGE_REFERENCE_LANES = frozenset({("US", "US"), ("PR", "PR")})
# Countries whose addresses UPS wants a state, province or county of.
COUNTRIES_WITH_STATES = frozenset({"US", "CA", "PR", "VN", "IE"})

MEDIA_TYPES = {
    "GIF": "image/gif",
    "PNG": "image/png",
    "PDF": "application/pdf",
    "ZPL": "application/zpl",
    "EPL": "application/epl",
    "SPL": "application/spl",
}
# Printers' languages: labels after each other are one print job.
PRINTER_LANGUAGES = frozenset({"ZPL", "EPL", "SPL"})

# Three-digit statuses (`statusCode`) that say more than the type of the activity does.
_BY_STATUS_CODE = {
    "006": TrackingStatus.OUT_FOR_DELIVERY,
    "016": TrackingStatus.ON_HOLD,
    "017": TrackingStatus.READY_FOR_PICKUP,
    "018": TrackingStatus.ON_HOLD,
    "019": TrackingStatus.ON_HOLD,
    "020": TrackingStatus.ON_HOLD,
    "021": TrackingStatus.OUT_FOR_DELIVERY,
    "022": TrackingStatus.DELIVERY_FAILED,
    "023": TrackingStatus.DELIVERY_FAILED,
    "024": TrackingStatus.DELIVERY_FAILED,
    "029": TrackingStatus.NEEDS_ATTENTION,
    "032": TrackingStatus.DELIVERY_DELAYED,
    "033": TrackingStatus.RETURN_TO_SENDER,
    "034": TrackingStatus.RETURN_TO_SENDER,
    "035": TrackingStatus.RETURN_TO_SENDER,
    "036": TrackingStatus.RETURN_TO_SENDER,
    "037": TrackingStatus.RETURN_TO_SENDER,
    "038": TrackingStatus.PICKED_UP,
    "040": TrackingStatus.READY_FOR_PICKUP,
    "046": TrackingStatus.DELIVERY_DELAYED,
    "047": TrackingStatus.DELIVERY_DELAYED,
    "048": TrackingStatus.DELIVERY_DELAYED,
    "050": TrackingStatus.DELIVERY_DELAYED,
    "051": TrackingStatus.DELIVERY_DELAYED,
}
# Two-letter activity codes that say more than the type does.
_BY_ACTIVITY_CODE = {
    "OT": TrackingStatus.OUT_FOR_DELIVERY,
    "OR": TrackingStatus.PICKED_UP,
    "PU": TrackingStatus.PICKED_UP,
    "MP": TrackingStatus.PENDING,
}
_BY_TYPE = {
    "M": TrackingStatus.PENDING,
    "MV": TrackingStatus.NEEDS_ATTENTION,
    "P": TrackingStatus.PICKED_UP,
    "I": TrackingStatus.IN_TRANSIT,
    "DO": TrackingStatus.IN_TRANSIT,
    "DD": TrackingStatus.IN_TRANSIT,
    "W": TrackingStatus.ON_HOLD,
    "O": TrackingStatus.OUT_FOR_DELIVERY,
    "X": TrackingStatus.NEEDS_ATTENTION,
    "D": TrackingStatus.DELIVERED,
    "RS": TrackingStatus.RETURN_TO_SENDER,
}
EXCEPTION = "X"


def tracking_status(activity_type: str, code: str, status_code: str) -> TrackingStatus:
    """The status of an activity by its `type`, its `code` and its `statusCode`, the most telling one first."""
    by_code = _BY_STATUS_CODE.get(status_code)
    if by_code is None and activity_type in {"", "I"}:
        by_code = _BY_ACTIVITY_CODE.get(code)
    return by_code or _BY_TYPE.get(activity_type, TrackingStatus.UNKNOWN)
