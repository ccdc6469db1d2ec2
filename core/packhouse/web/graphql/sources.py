"""Lists that can be paged by keyset: a Tortoise queryset, or a hand-written SELECT.

A condition such as `placed_at >= t AND (placed_at > t OR id > i)` is what lets a database start in the middle of the
index on (placed_at, id); its first half is redundant and there for PostgreSQL's planner.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

from tortoise import Model
from tortoise.expressions import Q, RawSQL
from tortoise.queryset import QuerySet

from packhouse.storage import Database
from packhouse.storage.dialect import read_id, read_time
from packhouse.web.graphql.cursors import Ordering, Place

R = TypeVar("R")
M = TypeVar("M", bound=Model)

_NULL_RANK = "key_is_null"


class Source(Protocol[R]):
    """A list with rows that have an id."""

    async def rows(
        self, ordering: Ordering, after: Place | None, before: Place | None, *, limit: int, backward: bool
    ) -> Sequence[R]:
        """Up to `limit` rows between two places (exclusive), from the start, or from the end and reversed."""
        ...

    async def reaches(self, ordering: Ordering, bound: Place, *, backward: bool) -> bool:
        """Whether a row stands at the bound or beyond it: after it, or before it if `backward`."""
        ...

    async def count(self) -> int:
        """The number of rows in the whole list."""
        ...

    def place(self, ordering: Ordering, row: R) -> Place:
        """Where a row stands."""
        ...


class QuerySetSource(Generic[M]):
    """A filtered queryset; the ordering's column is a field of the model, as is `id`."""

    def __init__(self, queryset: QuerySet[M]) -> None:
        self._queryset = queryset

    async def rows(
        self, ordering: Ordering, after: Place | None, before: Place | None, *, limit: int, backward: bool
    ) -> Sequence[M]:
        """Up to `limit` rows between two places (exclusive), from the start, or from the end and reversed."""
        queryset = self._queryset
        if after is not None:
            queryset = queryset.filter(_beyond(ordering, after, up=not ordering.descending))
        if before is not None:
            queryset = queryset.filter(_beyond(ordering, before, up=ordering.descending))
        return await self._ordered(queryset, ordering, backward=backward).limit(limit)

    async def reaches(self, ordering: Ordering, bound: Place, *, backward: bool) -> bool:
        """Whether a row stands at the bound or beyond it."""
        outside = _beyond(ordering, bound, up=ordering.descending == backward)
        return await self._queryset.filter(Q(id=bound.id) | outside).exists()

    async def count(self) -> int:
        """The number of rows in the whole list."""
        return await self._queryset.count()

    def place(self, ordering: Ordering, row: M) -> Place:
        """Where a row stands."""
        id_: UUID = row.pk
        return Place(None if ordering.column == "id" else getattr(row, ordering.column), id_)

    def _ordered(self, queryset: QuerySet[M], ordering: Ordering, *, backward: bool) -> QuerySet[M]:
        sign = "-" if ordering.descending != backward else ""
        if ordering.column == "id":
            return queryset.order_by(f"{sign}id")
        if not ordering.nullable:
            return queryset.order_by(f"{sign}{ordering.column}", f"{sign}id")
        column = f'"{queryset.model._meta.db_table}"."{ordering.column}"'  # noqa: SLF001  (Tortoise has no other way)
        ranked = queryset.annotate(**{_NULL_RANK: RawSQL(f"CASE WHEN {column} IS NULL THEN 1 ELSE 0 END")})
        return ranked.order_by(f"{sign}{_NULL_RANK}", f"{sign}{ordering.column}", f"{sign}id")


def _beyond(ordering: Ordering, place: Place, *, up: bool) -> Q:
    """The rows strictly above (`up`) or below a place; null is above every value."""
    than = "gt" if up else "lt"
    column = ordering.column
    further_id = _where(f"id__{than}", place.id)
    if column == "id":
        return further_id
    if place.key is None:
        in_nulls = _where(f"{column}__isnull", True) & further_id
        return in_nulls if up else in_nulls | _where(f"{column}__isnull", False)
    beyond = _where(f"{column}__{than}e", place.key) & (_where(f"{column}__{than}", place.key) | further_id)
    return beyond | _where(f"{column}__isnull", True) if ordering.nullable and up else beyond


def _where(condition: str, value: object) -> Q:
    conditions: dict[str, Any] = {condition: value}
    return Q(**conditions)


@dataclass(frozen=True, slots=True)
class SqlSource:
    """A hand-written `SELECT {columns} FROM {tables} WHERE {where}`, its values as $1, $2 and so on.

    `alias` is the table (or its alias) that the ordering's column and `id` belong to; both must be among the columns.
    """

    database: Database
    columns: str
    tables: str
    alias: str
    where: str = "TRUE"
    values: Sequence[Any] = field(default=())

    async def rows(
        self, ordering: Ordering, after: Place | None, before: Place | None, *, limit: int, backward: bool
    ) -> Sequence[Mapping[str, Any]]:
        """Up to `limit` rows between two places (exclusive), from the start, or from the end and reversed."""
        values = list(self.values)
        conditions = [f"({self.where})"]
        if after is not None:
            conditions.append(self._beyond(ordering, after, values, up=not ordering.descending))
        if before is not None:
            conditions.append(self._beyond(ordering, before, values, up=ordering.descending))
        sql = (
            f"SELECT {self.columns} FROM {self.tables} WHERE {' AND '.join(conditions)}"
            f" ORDER BY {self._order(ordering, backward=backward)} LIMIT {limit:d}"
        )
        return await self.database.fetch(sql, *values)

    async def reaches(self, ordering: Ordering, bound: Place, *, backward: bool) -> bool:
        """Whether a row stands at the bound or beyond it."""
        values = list(self.values)
        outside = self._beyond(ordering, bound, values, up=ordering.descending == backward)
        values.append(bound.id)
        sql = (
            f"SELECT 1 FROM {self.tables} WHERE ({self.where})"
            f" AND ({self.alias}.id = ${len(values)} OR {outside}) LIMIT 1"
        )
        return bool(await self.database.fetch(sql, *values))

    async def count(self) -> int:
        """The number of rows in the whole list."""
        rows = await self.database.fetch(f"SELECT COUNT(*) AS n FROM {self.tables} WHERE {self.where}", *self.values)
        return int(rows[0]["n"])

    def place(self, ordering: Ordering, row: Mapping[str, Any]) -> Place:
        """Where a row stands."""
        if ordering.column == "id":
            return Place(None, read_id(row["id"]))
        key = row[ordering.column]
        is_time = key is not None and ordering.kind not in (str, int, UUID)
        return Place(read_time(key) if is_time else key, read_id(row["id"]))

    def _order(self, ordering: Ordering, *, backward: bool) -> str:
        way = "DESC" if ordering.descending != backward else "ASC"
        if ordering.column == "id":
            return f"{self.alias}.id {way}"
        # null is the greatest: PostgreSQL's own order, spelt out for SQLite
        nulls = "" if not ordering.nullable else " NULLS FIRST" if way == "DESC" else " NULLS LAST"
        return f"{self.alias}.{ordering.column} {way}{nulls}, {self.alias}.id {way}"

    def _beyond(self, ordering: Ordering, place: Place, values: list[Any], *, up: bool) -> str:
        """The rows strictly above (`up`) or below a place, its values appended to `values`."""
        than = ">" if up else "<"
        column, id_ = f"{self.alias}.{ordering.column}", f"{self.alias}.id"
        values.append(place.id)
        further_id = f"{id_} {than} ${len(values)}"
        if ordering.column == "id":
            return further_id
        if place.key is None:
            in_nulls = f"({column} IS NULL AND {further_id})"
            return in_nulls if up else f"({in_nulls} OR {column} IS NOT NULL)"
        values.append(place.key)
        # a forged integer may be wider than the column
        key = f"CAST(${len(values)} AS BIGINT)" if ordering.kind is int else f"${len(values)}"
        beyond = f"({column}, {id_}) {than} ({key}, ${len(values) - 1})"
        return f"({beyond} OR {column} IS NULL)" if ordering.nullable and up else beyond
