"""State machines as values: which states there are, where one may go from each, and a clear refusal of anything else."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Generic, TypeVar

from packhouse.sdk.errors import InvalidValue, PackhouseError

State = TypeVar("State", bound=StrEnum)


class IllegalTransition(PackhouseError):
    """A state was to change in a way that its machine does not know; nothing was changed.

    `entity` is the machine's name (Order.status), `from_` and `to` the states, `legal` the states that may follow `from_`.
    """

    def __init__(self, entity: str, from_: StrEnum, to: StrEnum, legal: Iterable[StrEnum] = ()) -> None:
        self.entity = entity
        self.from_ = from_
        self.to = to
        self.legal = tuple(legal)
        way_out = f"legal from there: {', '.join(self.legal)}" if self.legal else f"{from_.value} is final"
        super().__init__(f"{entity} cannot go from {from_.value} to {to.value}; {way_out}")

    def __reduce__(self) -> tuple[type["IllegalTransition"], tuple[str, StrEnum, StrEnum, tuple[StrEnum, ...]]]:
        # Exceptions are pickled by their message alone otherwise, and could not be rebuilt in another process.
        return type(self), (self.entity, self.from_, self.to, self.legal)


@dataclass(frozen=True, slots=True)
class StateMachine(Generic[State]):
    """The transition table of one entity.

    `entity` is its name for people (Order.status), `initial` the states in which it may be created, `table` maps every
    state of the enum to the states that may follow; a final state maps to the empty set. Staying where one is counts as
    a transition and is illegal unless the table says otherwise, so that a command done twice is noticed.

    Raises:
        InvalidValue: the table misses a state of the enum, names a strange one, or has a state that cannot be reached.
    """

    entity: str
    initial: frozenset[State]
    table: Mapping[State, frozenset[State]]

    def __post_init__(self) -> None:
        object.__setattr__(self, "table", MappingProxyType(dict(self.table)))
        self._check_table()

    def can(self, from_: State, to: State) -> bool:
        """Whether `to` may follow `from_`."""
        return to in self.table[from_]

    def check(self, from_: State, to: State) -> None:
        """Let a legal transition pass.

        Raises:
            IllegalTransition: `to` may not follow `from_`.
        """
        if not self.can(from_, to):
            raise IllegalTransition(self.entity, from_, to, self.following(from_))

    def is_final(self, state: State) -> bool:
        """Whether nothing may follow `state`."""
        return not self.table[state]

    @property
    def states(self) -> tuple[State, ...]:
        """Every state in the order in which the enum names them."""
        return tuple(type(next(iter(self.table))))

    def following(self, state: State) -> tuple[State, ...]:
        """The states that may follow `state`, in the order of the enum."""
        return tuple(to for to in self.states if to in self.table[state])

    def markdown(self) -> str:
        """The table for the documentation: a row for each state, with what may follow it."""
        rows = [f"| {self.entity} | may become |", "| --- | --- |"]
        for state in self.states:
            name = f"{state.value} (start)" if state in self.initial else state.value
            rows.append(f"| {name} | {', '.join(self.following(state)) or 'nothing: it is final'} |")
        return "\n".join(rows)

    def mermaid(self) -> str:
        """The machine as a Mermaid state diagram."""
        arrows = [f"[*] --> {state.value}" for state in self.states if state in self.initial]
        arrows += [f"{state.value} --> {to.value}" for state in self.states for to in self.following(state)]
        arrows += [f"{state.value} --> [*]" for state in self.states if self.is_final(state)]
        return "\n".join(["stateDiagram-v2", *(f"    {arrow}" for arrow in arrows)])

    def _check_table(self) -> None:
        if not self.table or not self.initial:
            raise InvalidValue(self.entity, "a state machine needs states and at least one to start in")
        known = set(self.states)
        named = set(self.table).union(self.initial, *self.table.values())
        if wrong := (known - set(self.table)) | (named - known):
            raise InvalidValue(self.entity, f"not in both the enum and the table: {', '.join(sorted(wrong))}")
        if unreachable := known - self._reachable():
            raise InvalidValue(self.entity, f"cannot be reached from a start: {', '.join(sorted(unreachable))}")

    def _reachable(self) -> set[State]:
        reached: set[State] = set()
        ahead = set(self.initial)
        while ahead:
            reached |= ahead
            ahead = set().union(*(self.table[state] for state in ahead)) - reached
        return reached
