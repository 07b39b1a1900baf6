"""Random queries over three tables with policies and one without, for comparing what they give."""

from __future__ import annotations

from itertools import count
from random import Random
from typing import Any

from querykit import (
    Column,
    Table,
    and_,
    case,
    cte,
    delete_from,
    exists,
    fn,
    insert_into,
    json_array_from,
    json_object_from,
    or_,
    scalar_subquery,
    select,
    select_from,
    update,
    value,
    with_,
)


class Person(Table, name="prop_person"):
    id: Column[int]
    tenant_id: Column[int]
    name: Column[str]
    mother_id: Column[int | None]


class Pet(Table, name="prop_pet"):
    id: Column[int]
    tenant: Column[str]
    name: Column[str]
    owner_id: Column[int | None]


class Toy(Table, name="prop_toy"):
    id: Column[int]
    name: Column[str]
    pet_id: Column[int | None]


class Kind(Table, name="prop_kind"):
    id: Column[int]
    name: Column[str]


person, pet, toy, kind = Person(), Pet(), Toy(), Kind()
TABLES: tuple[Any, ...] = (person, pet, toy, kind)
KEYS = {"prop_person": ("id", "mother_id", "tenant_id"), "prop_pet": ("id", "owner_id"), "prop_toy": ("id", "pet_id")}
JOINS = ("inner_join", "left_join", "right_join", "full_join")
MOST_LEVELS = 3


class Queries:
    """Makes queries; every table in one has an alias of its own, but for some that stand under their names."""

    def __init__(self, random: Random, *, has_full_joins: bool) -> None:
        self.random = random
        self.joins = JOINS if has_full_joins else JOINS[:3]
        self.names = (f"t{number}" for number in count())
        self.ctes: list[Any] = []
        self.free = list(TABLES)

    def chance(self, one_in: int) -> bool:
        return self.random.randrange(one_in) == 0

    # -- parts --------------------------------------------------------------------------------------------------------

    def table(self) -> Any:
        """A table under an alias, or under its own name, once."""
        chosen = self.random.choice(TABLES)
        if any(each is chosen for each in self.free) and self.chance(3):
            self.free = [each for each in self.free if each is not chosen]
            return chosen
        return chosen.as_(next(self.names))

    def source(self, level: int) -> Any:
        """A table, a derived table or a CTE."""
        if level < MOST_LEVELS and self.chance(5):
            return self.plain(level + 1).as_(next(self.names))
        if self.ctes and self.chance(4):
            return self.random.choice(self.ctes).as_(next(self.names))
        return self.table()

    def number(self, sources: list[Any]) -> Any:
        """A column of integers."""
        source = self.random.choice(sources)
        names = [each for each in source._columns if each.endswith("id") or each.startswith("n")]
        numbers = [source[each] for each in names if source[each].value_type.kind == "int"]
        return self.random.choice(numbers)

    def text(self, sources: list[Any]) -> Any:
        return self.random.choice(sources)["name"]

    def on(self, source: Any, sources: list[Any]) -> Any:
        made = self.number([source]) == self.number(sources)
        return made & self.predicate([*sources, source], MOST_LEVELS) if self.chance(4) else made

    def predicate(self, sources: list[Any], level: int) -> Any:  # noqa: PLR0911 - one for each kind
        kind_of = self.random.randrange(9 if level < MOST_LEVELS else 5)
        if kind_of == 0:
            return self.number(sources) == self.number(sources)
        if kind_of == 1:
            return self.number(sources) >= self.random.randrange(4)
        if kind_of == 2:
            return self.number(sources).is_null() | (self.text(sources) != "a")
        if kind_of == 3:
            return self.number(sources).is_in([1, 2, None])
        if kind_of == 4:
            make = self.random.choice((and_, or_))
            return make(self.number(sources) < 3, ~(self.text(sources) == "b"))
        if kind_of in (5, 6):
            inner = self.table()
            found = select_from(inner).select(inner.id).where(self.correlated(inner, sources, level))
            return exists(found) if kind_of == 5 else ~exists(found)
        inner = self.table()
        found = select_from(inner).select(self.number([inner])).where(self.correlated(inner, sources, level))
        return self.number(sources).is_in(found) if kind_of == 7 else self.number(sources).not_in(found)

    def correlated(self, inner: Any, sources: list[Any], level: int) -> Any:
        made = self.number([inner]) == self.number(sources)
        return made if self.chance(2) else made & self.predicate([inner, *sources], level + 1)

    def joined(self, level: int) -> tuple[Any, list[Any]]:
        """A query with its FROM and WHERE, and what stands in FROM."""
        sources = [self.source(level)]
        query = select_from(sources[0])
        for _ in range(self.random.choice((0, 0, 1, 1, 2, 3))):
            source = self.source(level)
            if self.chance(8):
                query = query.cross_join(source)
            else:
                query = getattr(query, self.random.choice(self.joins))(source, self.on(source, sources))
            sources.append(source)
        for _ in range(self.random.choice((0, 1, 1, 2))):
            query = query.where(self.predicate(sources, level))
        return query, sources

    # -- queries ------------------------------------------------------------------------------------------------------

    def plain(self, level: int) -> Any:
        """A query of the columns `id`, `name` and `n_more`: grouped or not, limited or not."""
        query, sources = self.joined(level)
        number, text = self.number(sources), self.text(sources)
        if self.chance(4):
            more = self.random.choice((fn.count(), fn.sum(number), fn.max(number), fn.count(number).distinct()))
            query = query.select(number.as_("id"), text.as_("name"), more.as_("n_more")).group_by(number, text)
            if self.chance(3):
                query = query.having(fn.count() > 1)
            return select_from(made := query.as_(next(self.names))).select(
                made["id"], made["name"], fn.coalesce(made["n_more"], 0).as_("n_more")
            )
        more = self.number(sources)
        query = query.select(number.as_("id"), text.as_("name"), more.as_("n_more"))
        if self.chance(5):
            query = query.distinct()
        elif self.chance(4):
            query = query.order_by(number, text, more).limit(self.random.randrange(1, 4))
        return query

    def combined(self) -> Any:
        """A set operation."""
        query = self.plain(1)
        for _ in range(self.random.choice((1, 1, 2))):
            query = getattr(query, self.random.choice(("union", "union_all", "intersect", "except_")))(self.plain(1))
        return query

    def aggregate(self) -> Any:
        """One row of aggregates, or rows with windows."""
        query, sources = self.joined(1)
        number, text = self.number(sources), self.text(sources)
        if self.chance(2):
            filtered = fn.count().filter_where(self.predicate(sources, 1)).as_("f")
            return query.select(fn.count().as_("n"), fn.sum(number).as_("s"), fn.max(text).as_("m"), filtered)
        over = {"partition_by": [number, self.counted(sources)] if self.chance(3) else number}
        return query.select(
            number.as_("id"),
            fn.count().over(**over).as_("n"),
            fn.rank().over(order_by=[number, text]).as_("r"),
            case().when(number.is_null(), value("none")).else_(text).as_("c"),
        )

    def nested(self) -> Any:
        """Rows with lists and objects in them, three levels deep."""
        outer = self.table()
        query = select_from(outer).select(outer.id, outer.name, self.list_of(outer, 2).as_("list"))
        inner = self.table()
        one = select_from(inner).select(inner.id, inner.name).where(self.number([inner]) == self.number([outer]))
        query = query.select(json_object_from(one.order_by(inner.id, inner.name).limit(1)).as_("one"))
        counted = select_from(other := self.table()).select(fn.count()).where(self.number([other]) == outer.id)
        in_call = fn.coalesce(self.counted([outer]), 0).as_("in_call")
        in_case = case().when(self.counted([outer]) > 1, self.counted([outer])).else_(0).as_("in_case")
        query = query.select(counted.as_("counted"), in_call, in_case).where(self.predicate([outer], MOST_LEVELS))
        return query.order_by(self.counted([outer])) if self.chance(3) else query

    def counted(self, sources: list[Any]) -> Any:
        """How many rows of a table have a number of the row."""
        inner = self.table()
        return scalar_subquery(
            select_from(inner).select(fn.count()).where(self.number([inner]) == self.number(sources))
        )

    def list_of(self, outer: Any, level: int) -> Any:
        inner = self.table()
        query = select_from(inner).select(inner.id, inner.name).where(self.number([inner]) == self.number([outer]))
        if self.chance(3):
            query = query.where(self.predicate([inner, outer], level))
        if level < MOST_LEVELS and self.chance(2):
            query = query.select(self.list_of(inner, level + 1).as_("list"))
        query = query.order_by(inner.id, inner.name, self.number([inner]))
        return json_array_from(query.limit(2) if self.chance(4) else query)

    def read(self) -> Any:
        """Any query."""
        if self.chance(3):
            self.ctes = [cte(next(self.names), self.plain(1)) for _ in range(self.random.choice((1, 2)))]
        query = self.random.choice((lambda: self.plain(1), self.combined, self.aggregate, self.nested))()
        return query.replaced(ctes=tuple(self.ctes)) if self.ctes else query

    def write(self) -> Any:
        """An UPDATE, a DELETE, or an INSERT of a query's rows."""
        target = self.random.choice((person, pet, toy))
        self.free = [each for each in self.free if each is not target]
        kind_of = self.random.randrange(3)
        if kind_of == 0:
            changed = update(target).set(name=self.random.choice(("a", "z")))
            return changed.where(self.predicate([target], 1))
        if kind_of == 1:
            return delete_from(target).where(self.predicate([target], 1))
        query = self.plain(1)
        source = query.as_(next(self.names))
        columns: dict[str, Any] = {"id": source["id"], "name": source["name"]}
        if target is person:
            columns |= {"tenant_id": value(1), "mother_id": source["n_more"]}
        elif target is pet:
            columns |= {"tenant": value("acme"), "owner_id": source["n_more"]}
        else:
            columns |= {"pet_id": value(1)}
        rows = (
            select_from(source)
            .select(*columns.values())
            .where(source["id"].is_not_null(), source["name"].is_not_null())
        )
        return insert_into(target).columns(*columns).from_select(rows)


__all__ = ["TABLES", "Queries", "kind", "person", "pet", "select", "toy", "with_"]
