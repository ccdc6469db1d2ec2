import pickle
from collections.abc import Mapping
from dataclasses import FrozenInstanceError
from enum import StrEnum

import pytest

from packhouse.sdk import InvalidValue, PackhouseError
from packhouse.sdk.states import IllegalTransition, StateMachine


class Door(StrEnum):
    OPEN = "open"
    SHUT = "shut"
    LOCKED = "locked"
    GONE = "gone"


_TABLE: Mapping[Door, frozenset[Door]] = {
    Door.OPEN: frozenset({Door.SHUT, Door.GONE}),
    Door.SHUT: frozenset({Door.LOCKED, Door.OPEN}),
    Door.LOCKED: frozenset({Door.SHUT}),
    Door.GONE: frozenset(),
}
DOOR = StateMachine(entity="Door.status", initial=frozenset({Door.OPEN}), table=_TABLE)


def test_a_legal_transition_passes() -> None:
    DOOR.check(Door.OPEN, Door.SHUT)
    assert DOOR.can(Door.OPEN, Door.SHUT)


def test_an_illegal_transition_names_everything() -> None:
    with pytest.raises(IllegalTransition) as caught:
        DOOR.check(Door.SHUT, Door.GONE)

    error = caught.value
    assert isinstance(error, PackhouseError)
    assert (error.entity, error.from_, error.to, error.legal) == (
        "Door.status",
        Door.SHUT,
        Door.GONE,
        (Door.OPEN, Door.LOCKED),
    )
    assert str(error) == "Door.status cannot go from shut to gone; legal from there: open, locked"


def test_out_of_a_final_state() -> None:
    with pytest.raises(IllegalTransition, match=r"^Door.status cannot go from gone to open; gone is final$"):
        DOOR.check(Door.GONE, Door.OPEN)


def test_staying_is_a_transition_too() -> None:
    assert not DOOR.can(Door.OPEN, Door.OPEN)


def test_final_states() -> None:
    assert [state for state in Door if DOOR.is_final(state)] == [Door.GONE]


def test_a_refusal_survives_pickling() -> None:
    error = IllegalTransition("Door.status", Door.SHUT, Door.GONE, (Door.OPEN,))
    again = pickle.loads(pickle.dumps(error))  # noqa: S301  (our own bytes)
    assert (str(again), again.from_, again.legal) == (str(error), Door.SHUT, (Door.OPEN,))


def test_a_machine_cannot_be_changed() -> None:
    table = dict(_TABLE)
    machine = StateMachine(entity="Door.status", initial=frozenset({Door.OPEN}), table=table)
    table[Door.GONE] = frozenset({Door.OPEN})

    assert machine.is_final(Door.GONE)
    with pytest.raises(TypeError):
        machine.table[Door.GONE] = frozenset({Door.OPEN})  # type: ignore[index]  # the point of the test
    with pytest.raises(FrozenInstanceError):
        machine.entity = "Window.status"  # type: ignore[misc]  # the point of the test


@pytest.mark.parametrize(
    ("initial", "table", "message"),
    [
        ({Door.OPEN}, {}, "needs states"),
        (set(), _TABLE, "at least one to start in"),
        ({Door.OPEN}, {Door.OPEN: frozenset({Door.SHUT}), Door.SHUT: frozenset()}, "not in both .*: gone, locked"),
        ({Door.OPEN}, {**_TABLE, Door.OPEN: frozenset({Door.SHUT})}, "cannot be reached from a start: gone"),
    ],
)
def test_a_broken_table_is_refused(initial: set[Door], table: Mapping[Door, frozenset[Door]], message: str) -> None:
    with pytest.raises(InvalidValue, match=message):
        StateMachine(entity="Door.status", initial=frozenset(initial), table=table)


def test_printed_as_markdown() -> None:
    assert DOOR.markdown() == (
        "| Door.status | may become |\n"
        "| --- | --- |\n"
        "| open (start) | shut, gone |\n"
        "| shut | open, locked |\n"
        "| locked | shut |\n"
        "| gone | nothing: it is final |"
    )


def test_printed_as_a_diagram() -> None:
    assert DOOR.mermaid() == (
        "stateDiagram-v2\n"
        "    [*] --> open\n"
        "    open --> shut\n"
        "    open --> gone\n"
        "    shut --> open\n"
        "    shut --> locked\n"
        "    locked --> shut\n"
        "    gone --> [*]"
    )
