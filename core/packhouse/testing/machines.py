"""Proving a state machine against a table that the test writes down on its own, word for word."""

from collections.abc import Mapping
from dataclasses import dataclass

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from packhouse.sdk.states import IllegalTransition, State, StateMachine


@dataclass(frozen=True, slots=True)
class WrittenTable:
    """A transition table read from text: the states to start in, and what may follow each."""

    starts: frozenset[str]
    following: Mapping[str, frozenset[str]]


def read_table(text: str) -> WrittenTable:
    """Read lines such as `draft → pending | cancelled`; a leading `*` marks a start, `closed → .` a final state."""
    starts: set[str] = set()
    following: dict[str, frozenset[str]] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        left, _, right = line.partition("→")
        name = left.strip().removeprefix("*").strip()
        if left.strip().startswith("*"):
            starts.add(name)
        following[name] = frozenset(word.strip() for word in right.split("|")) - {"."}
    return WrittenTable(frozenset(starts), following)


def prove_machine(machine: StateMachine[State], text: str) -> None:
    """Compare a machine with a written table in both directions, then walk it at random and try every wrong turn.

    Raises:
        AssertionError: they differ; the message names the first difference.
    """
    table = read_table(text)
    _same(machine.entity, "states", {state.value for state in machine.states}, set(table.following))
    _same(machine.entity, "starts", {state.value for state in machine.initial}, set(table.starts))
    for state in machine.states:
        found = {to.value for to in machine.states if machine.can(state, to)}
        _same(machine.entity, f"ways out of {state.value}", found, set(table.following[state.value]))
        _same(machine.entity, f"end in {state.value}", machine.is_final(state), not table.following[state.value])
    run_state_machine_as_test(_walk(machine, table), settings=settings(max_examples=30, deadline=None))


def _walk(machine: StateMachine[State], table: WrittenTable) -> type[RuleBasedStateMachine]:
    class Walk(RuleBasedStateMachine):
        """An entity that wanders; each turn is tried on the machine and looked up in the written table."""

        @initialize(start=st.sampled_from(sorted(machine.initial)))
        def begin(self, start: State) -> None:
            self.state = start

        @rule(to=st.sampled_from(machine.states))
        def turn(self, to: State) -> None:
            legal = table.following[self.state.value]
            refusal = _refusal(machine, self.state, to)
            if to.value in legal:
                _same(machine.entity, f"{self.state.value} → {to.value}", refusal, None)
                self.state = to
                return
            if refusal is None:
                raise AssertionError(f"{machine.entity}: {self.state.value} → {to.value} should be refused")
            seen = (refusal.entity, refusal.from_, refusal.to, set(refusal.legal))
            _same(machine.entity, "refusal", seen, (machine.entity, self.state, to, set(legal)))

    return Walk


def _refusal(machine: StateMachine[State], from_: State, to: State) -> IllegalTransition | None:
    try:
        machine.check(from_, to)
    except IllegalTransition as error:
        return error
    return None


def _same(entity: str, what: str, found: object, written: object) -> None:
    if found != written:
        raise AssertionError(f"{entity}, {what}: the machine says {found}, the test says {written}")
