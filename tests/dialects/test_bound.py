"""The column of a bound value is read from the SQL where it is certain, and else not told."""

import pytest

from querykit.dialects.bound import column_of


@pytest.mark.parametrize(
    ("sql", "argument", "column"),
    [
        ('UPDATE "pet" SET "age" = $1 WHERE "pet"."id" = $2', 1, "age"),
        ('UPDATE "pet" SET "age" = $1 WHERE "pet"."id" = $2', 2, "id"),
        ('SELECT 1 FROM "pet" WHERE "pet"."name" LIKE ? AND "pet"."age" IS NOT DISTINCT FROM ?', 2, "age"),
        ("UPDATE pet SET age = $12 WHERE id = $1", 12, "age"),
        ("UPDATE pet SET age = $12 WHERE id = $1", 1, "id"),
        ("INSERT INTO `pet` (`id`, `name`) VALUES (%s, %s), (%s, %s)", 4, "name"),
        ('INSERT INTO "shop"."pet" ("id", "a""b") VALUES (?, ?)', 2, 'a"b'),
        (
            'INSERT INTO "pet" ("id", "name") VALUES ($1, $2::text) ON CONFLICT ("id") DO UPDATE SET "name" = $3',
            3,
            "name",
        ),
        ("REPLACE INTO `pet` (`id`, `100%%`) VALUES (%s, %s)", 2, "100%%"),
        ('INSERT INTO "pet" ("id", "name") VALUES (LOWER(?), ?)', 1, None),
        ('INSERT INTO "pet" ("id", "name") VALUES (LOWER(?), ?)', 2, "name"),
        ('INSERT INTO "pet" ("id", "name") VALUES (1 + ?, ?)', 1, None),
        ('SELECT ? FROM "pet" WHERE "id" IN (?, ?)', 2, None),
        ("SELECT 'a = ?', \"b = ?\", `c = ?` FROM t WHERE d = ?", 1, "d"),
        ('SELECT "a" = "b", LOWER(?)', 1, None),
        ("SELECT 1", 1, None),
    ],
)
def test_the_column_of_an_argument(sql, argument, column):
    assert column_of(sql, argument) == column
