"""Queries of the village, as the page describes them."""

from tests.playground.client import ask, plain


def up(column):
    return [{"column": column}]


PETS_WITH_TOYS = {
    "relation": "pets",
    "rows": {
        "columns": ["name", "species"],
        "order_by": up("name"),
        "relations": [{"relation": "toys", "rows": {"columns": ["name"], "order_by": up("name")}}],
    },
}
MOTHER = {"relation": "mother", "rows": {"columns": ["first_name"]}}
VILLAGE = {
    "table": "person",
    "rows": {"columns": ["first_name"], "order_by": up("id"), "relations": [PETS_WITH_TOYS, MOTHER]},
}


def people(*filters, **rows):
    given = [{"column": column, "operator": operator, "values": list(values)} for column, operator, *values in filters]
    return {"table": "person", "rows": {"columns": ["first_name"], "filters": given, "order_by": up("id"), **rows}}


async def names(playground, description):
    answer = await ask(playground, "run", description)
    assert answer.status == 200, answer.body
    return [each["first_name"] for each in plain(answer.json()["tree"])]
