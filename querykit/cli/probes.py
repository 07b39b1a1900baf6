"""What `querykit doctor` asks about: a query for each feature that not every database has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from querykit import (
    cube,
    delete_from,
    excluded,
    fn,
    insert_into,
    json_array_from,
    merge_into,
    rollup,
    select_from,
    table,
    update,
)

if TYPE_CHECKING:
    from collections.abc import Callable

_one, _other = table("one"), table("other")


def _rows() -> Any:
    return select_from(_one).select(_one.id)


def _others() -> Any:
    return select_from(_other).select(_other.id).where(_other.one_id == _one.id)


PROBES: Final[dict[str, Callable[[], Any]]] = {
    "nested lists": lambda: _rows().select(json_array_from(_others()).as_("others")),
    "INSERT … RETURNING": lambda: insert_into(_one).values(id=1).returning(_one.id),
    "UPDATE … RETURNING": lambda: update(_one).set(id=1).all_rows().returning(_one.id),
    "DELETE … RETURNING": lambda: delete_from(_one).all_rows().returning(_one.id),
    "upsert by a unique key": lambda: (
        insert_into(_one).values(id=1).on_conflict(_one.id).do_update(id=excluded(_one).id)
    ),
    "upsert by a constraint": lambda: insert_into(_one).values(id=1).on_conflict(constraint="one_key").do_nothing(),
    "MERGE": lambda: merge_into(_one).using(_other, _other.id == _one.id).when_matched().do_delete(),
    "FULL JOIN": lambda: _rows().full_join(_other, _other.id == _one.id),
    "LATERAL": lambda: _rows().cross_join_lateral(_others().as_("others")),
    "INTERSECT ALL": lambda: _rows().intersect_all(select_from(_other).select(_other.id)),
    "DISTINCT ON": lambda: _rows().distinct_on(_one.id),
    "ROLLUP": lambda: select_from(_one).select(fn.count()).group_by(rollup(_one.id)),
    "CUBE": lambda: select_from(_one).select(fn.count()).group_by(cube(_one.id)),
    "FETCH FIRST … WITH TIES": lambda: _rows().order_by(_one.id).limit(1, with_ties=True),
    "FOR UPDATE SKIP LOCKED": lambda: _rows().for_update(skip_locked=True),
    "FOR NO KEY UPDATE": lambda: _rows().for_no_key_update(),
}
