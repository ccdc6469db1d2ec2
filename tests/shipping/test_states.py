from packhouse import sdk
from packhouse.shipping.states import SHIPMENT_STATUS, IncidentReason, TrackingStatus
from packhouse.testing.machines import prove_machine


def test_shipment_status() -> None:
    prove_machine(
        SHIPMENT_STATUS,
        """
        * draft              → label_purchased | handed_over | voided
          label_purchased    → handed_over | voided
          handed_over        → delivered | returned_to_sender | lost
          lost               → delivered
          delivered          → .
          returned_to_sender → .
          voided             → .
        """,
    )


def test_tracking_statuses_are_those_that_carriers_report_in() -> None:
    assert TrackingStatus is sdk.TrackingStatus
    assert " ".join(TrackingStatus) == (
        "pending picked_up in_transit on_hold delivery_delayed out_for_delivery ready_for_pickup delivery_failed"
        " delivered return_to_sender needs_attention unknown"
    )


def test_reasons_of_incidents_fit_their_column() -> None:
    assert len(IncidentReason) == 19
    assert max(len(reason.value) for reason in IncidentReason) <= 32
    assert IncidentReason("unknown") is IncidentReason.UNKNOWN
