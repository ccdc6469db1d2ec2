import pytest

from packhouse.sdk import TrackingStatus
from packhouse_ups.units import SERVICES, service_code, service_name, tracking_status


@pytest.mark.parametrize("code", SERVICES)
def test_every_service_is_found_by_its_code_and_its_name(code: str) -> None:
    assert service_code(code) == code
    assert service_code(service_name(code)) == code


@pytest.mark.parametrize(
    ("text", "code"), [("ground", "03"), (" UPS Standard ", "11"), ("m4", "M4"), ("Pigeon", None), ("", None)]
)
def test_services_are_read_as_people_write_them(text: str, code: str | None) -> None:
    assert service_code(text) == code


def test_a_new_service_has_a_name_of_sorts() -> None:
    assert service_name("Z9") == "UPS service Z9"


@pytest.mark.parametrize(
    ("kind", "code", "status_code", "status"),
    [
        ("M", "MP", "003", TrackingStatus.PENDING),
        ("P", "PU", "", TrackingStatus.PICKED_UP),
        ("I", "DP", "005", TrackingStatus.IN_TRANSIT),
        ("I", "OR", "005", TrackingStatus.PICKED_UP),
        ("I", "OT", "", TrackingStatus.OUT_FOR_DELIVERY),
        ("O", "", "", TrackingStatus.OUT_FOR_DELIVERY),
        ("X", "48", "022", TrackingStatus.DELIVERY_FAILED),
        ("X", "ZQ", "017", TrackingStatus.READY_FOR_PICKUP),
        ("X", "C5", "051", TrackingStatus.DELIVERY_DELAYED),
        ("X", "A1", "013", TrackingStatus.NEEDS_ATTENTION),
        ("X", "OT", "", TrackingStatus.NEEDS_ATTENTION),
        ("D", "ZP", "040", TrackingStatus.READY_FOR_PICKUP),
        ("D", "KB", "011", TrackingStatus.DELIVERED),
        ("RS", "", "", TrackingStatus.RETURN_TO_SENDER),
        ("X", "H8", "035", TrackingStatus.RETURN_TO_SENDER),
        ("W", "", "", TrackingStatus.ON_HOLD),
        ("MV", "", "", TrackingStatus.NEEDS_ATTENTION),
        ("NA", "", "", TrackingStatus.UNKNOWN),
        ("", "", "", TrackingStatus.UNKNOWN),
    ],
)
def test_statuses(kind: str, code: str, status_code: str, status: TrackingStatus) -> None:
    assert tracking_status(kind, code, status_code) is status
