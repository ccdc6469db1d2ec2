"""Voiding a label that was not used: UPS Shipping v2409, DELETE /shipments/v2409/void/cancel/{shipment number}."""

import re

from packhouse.sdk import AnswerUnreadable, ProviderRefused
from packhouse_ups.client import Call
from packhouse_ups.mapping import Json, section, several, text

# "The Shipment has already been voided": what was asked for is so.
ALREADY_VOIDED_CODE = "190117"

_VOIDED = "1"
_SHIPMENT_NUMBER = re.compile(r"[A-Z0-9]{1,18}")


def build_void_request(external_id: str) -> Call:
    """Void a whole shipment by its number.

    Raises:
        ProviderRefused: it is no shipment number of UPS.
    """
    number = external_id.strip().upper()
    if not _SHIPMENT_NUMBER.fullmatch(number):
        raise ProviderRefused("That is no shipment number of UPS", code="SHIPMENT_NUMBER")
    return Call("void", "DELETE", f"/shipments/v2409/void/cancel/{number}", effect=True)


def read_void_response(payload: Json) -> None:
    """Nothing, when the shipment is void now (or was before).

    Raises:
        AnswerUnreadable: the answer does not say.
        ProviderRefused: UPS says that it voided nothing, or not every package.
    """
    response = section(payload, "VoidShipmentResponse")
    status = text(section(response, "SummaryResult", "Status"), "Code")
    # The description says PackageLevelResults, UPS's examples say PackageLevelResult.
    packages = several(response.get("PackageLevelResults") or response.get("PackageLevelResult"))
    codes = [text(section(package, "Status"), "Code") for package in packages]
    if not status:
        raise AnswerUnreadable("VoidShipmentResponse.SummaryResult.Status.Code is missing")
    if any(code != _VOIDED for code in codes) or (status != _VOIDED and not codes):
        left = sum(code != _VOIDED for code in codes)
        raise ProviderRefused(
            f"UPS did not void the shipment ({left} of {len(codes)} packages stay)", code="NOT_VOIDED"
        )
