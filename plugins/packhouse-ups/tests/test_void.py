from collections.abc import Callable
from typing import Any

import pytest

from packhouse.sdk import AnswerUnreadable, ProviderInDoubt, ProviderRefused
from packhouse_ups import UpsProvider
from packhouse_ups.void import build_void_request, read_void_response

NUMBER = "1ZA1B2C36800000011"
VOID = f"/api/shipments/v2409/void/cancel/{NUMBER}"


def test_build() -> None:
    call = build_void_request(NUMBER.lower())
    assert (call.method, call.path, call.effect) == ("DELETE", f"/shipments/v2409/void/cancel/{NUMBER}", True)
    assert call.body is None


@pytest.mark.parametrize("number", ["", "../../track", "1Z 0", "1Z" * 10])
def test_no_other_path_can_be_reached(number: str) -> None:
    with pytest.raises(ProviderRefused):
        build_void_request(number)


async def test_call(ups_host: Any, ups_provider: UpsProvider) -> None:
    ups_host.answer(VOID, "void")
    await ups_provider.void_label(NUMBER, "void-0001")
    assert [request.method for request in ups_host.asked(VOID)] == ["DELETE"]


async def test_already_voided_counts_as_done(ups_host: Any, ups_provider: UpsProvider) -> None:
    ups_host.answer(VOID, "void_already", status=400)
    await ups_provider.void_label(NUMBER, "void-0001")
    assert len(ups_host.asked(VOID)) == 1


def test_parse(ups_fixture: Callable[[str], Any]) -> None:
    read_void_response(ups_fixture("void"))


def test_a_void_in_part_is_a_refusal(ups_fixture: Callable[[str], Any]) -> None:
    with pytest.raises(ProviderRefused, match="1 of 2 packages stay") as refused:
        read_void_response(ups_fixture("void_in_part"))
    assert refused.value.code == "NOT_VOIDED"


def test_an_answer_without_status_is_unreadable() -> None:
    with pytest.raises(AnswerUnreadable):
        read_void_response({"VoidShipmentResponse": {}})


async def test_parse_an_error(ups_host: Any, ups_provider: UpsProvider) -> None:
    ups_host.answer(VOID, "void_too_late", status=400)
    with pytest.raises(ProviderRefused) as refused:
        await ups_provider.void_label(NUMBER, "void-0001")
    assert refused.value.code == "190101"


async def test_a_broken_void_is_in_doubt(ups_host: Any, ups_provider: UpsProvider) -> None:
    ups_host.answer(VOID, {"fault": "down"}, status=503)
    with pytest.raises(ProviderInDoubt):
        await ups_provider.void_label(NUMBER, "void-0001")
