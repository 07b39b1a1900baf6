"""Tables in schemas."""

from __future__ import annotations

from typing import Any

from querykit import cte, delete_from, merge_into, select_from, with_
from tests.corpus.tables import Spelled, mammal, staged_mammal

p, p1, p2 = mammal.as_("p"), mammal.as_("p1"), mammal.as_("p2")
target, source = mammal.as_("target"), staged_mammal.as_("source")
own_name = select_from(p).select(p.name).where(p.id == mammal.id)


def named() -> Any:
    doggo = cte("doggo", select_from(mammal).select_all().where(mammal.name == "Doggo"))
    return with_(doggo).select_from(doggo).select_all()


STATEMENTS: dict[str, Spelled] = {
    "v278": lambda: select_from(p).left_join(mammal, mammal.id == p.id).select_all(),
    "v279": lambda: select_from(p1).left_join(p2, p1.id == p2.id).select_all(),
    "v280": lambda: select_from(mammal).select(mammal.name, own_name.as_("p_name")),
    "v281": lambda: select_from(mammal).select_all().for_update(of=mammal, skip_locked=True),
    "v282": lambda: select_from(mammal).select_all().for_share(of=mammal, skip_locked=True),
    "v283": lambda: delete_from(mammal).where(mammal.name == "Doggo"),
    "v284": lambda: (
        delete_from(mammal).using(staged_mammal).where(mammal.id == staged_mammal.id, mammal.name == "Doggo")
    ),
    "v285": lambda: merge_into(target).using(source, source.id == target.id).when_matched().do_delete(),
    "v286": named,
}
