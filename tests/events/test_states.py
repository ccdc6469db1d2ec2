import pytest

from packhouse.events.states import CALL, DELIVERY, CallStatus, DeliveryStatus
from packhouse.sdk.states import IllegalTransition


def test_what_is_done_stays_done() -> None:
    assert DELIVERY.is_final(DeliveryStatus.DONE)
    assert CALL.is_final(CallStatus.DONE)


def test_a_dead_delivery_may_be_made_again_and_a_call_in_doubt_asked_about() -> None:
    DELIVERY.check(DeliveryStatus.DEAD, DeliveryStatus.PENDING)
    CALL.check(CallStatus.IN_DOUBT, CallStatus.REQUESTED)


def test_doubt_ends_only_by_taking_the_call_up_again() -> None:
    for status in (CallStatus.DONE, CallStatus.FAILED):
        with pytest.raises(IllegalTransition):
            CALL.check(CallStatus.IN_DOUBT, status)
