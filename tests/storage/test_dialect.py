"""Values on their way into SQLite and out of it are the same as Python's own, long way round."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packhouse.storage.dialect import read_id, read_time, sqlite_time, sqlite_values

SOME = UUID("01a20e26-4156-7523-9c3c-30ba6e9aa4f1")


@given(st.uuids(allow_nil=True))
def test_ids_out_of_text_are_those_that_went_in(id_: UUID) -> None:
    for text in (str(id_), str(id_).upper(), id_.hex):
        read = read_id(text)
        assert (read, str(read), hash(read), read.is_safe) == (id_, str(id_), hash(id_), id_.is_safe)
    assert read_id(id_) is id_
    assert sqlite_values([id_]) == [str(id_)]


@pytest.mark.parametrize("text", ["", "planted", f"{SOME}"[:-1], f"{SOME}0", "g" * 36])
def test_no_other_text_is_an_id(text: str) -> None:
    with pytest.raises(ValueError, match=r"hexadecimal|invalid literal"):
        read_id(text)


@given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30)), timezone.min])))
def test_times_are_written_in_one_zone(moment: datetime) -> None:
    try:
        expected = moment.astimezone(UTC)
    except OverflowError:
        return
    assert sqlite_time(moment) == expected.isoformat(" ")
    assert read_time(sqlite_time(moment)) == moment


@given(st.datetimes())
def test_a_time_without_a_zone_is_written_as_it_is(moment: datetime) -> None:
    assert sqlite_time(moment) == moment.isoformat(" ")


def test_truth_is_a_number() -> None:
    values = sqlite_values([True, False, 1, None])
    assert values == [1, 0, 1, None]
    assert [type(value) for value in values] == [int, int, int, type(None)]
