// Nested reads by Kysely: its JSON helpers, and ParseJSONResultsPlugin where the driver gives strings.

import { Kysely, MysqlDialect, ParseJSONResultsPlugin, PostgresDialect, SqliteDialect } from "kysely";
import * as mysqlHelpers from "kysely/helpers/mysql";
import * as postgresHelpers from "kysely/helpers/postgres";
import * as sqliteHelpers from "kysely/helpers/sqlite";
import { opener, work } from "./drivers.js";

function database({ name, open }) {
  if (name === "postgres") {
    return { db: new Kysely({ dialect: new PostgresDialect({ pool: open() }) }), helpers: postgresHelpers };
  }
  const plugins = [new ParseJSONResultsPlugin()];
  if (name === "sqlite") {
    return { db: new Kysely({ dialect: new SqliteDialect({ database: open() }), plugins }), helpers: sqliteHelpers };
  }
  return { db: new Kysely({ dialect: new MysqlDialect({ pool: open() }), plugins }), helpers: mysqlHelpers };
}

export async function opened(url) {
  const { db, helpers } = database(opener(url));
  const { jsonArrayFrom, jsonObjectFrom } = helpers;

  const toys = (eb) =>
    jsonArrayFrom(
      eb
        .selectFrom("toy")
        .select(["toy.id", "toy.name", "toy.price"])
        .whereRef("toy.pet_id", "=", "pet.id")
        .orderBy("toy.id"),
    );
  const pets = (eb) =>
    jsonArrayFrom(
      eb
        .selectFrom("pet")
        .select((inner) => ["pet.id", "pet.name", "pet.species", toys(inner).as("toys")])
        .whereRef("pet.owner_id", "=", "person.id")
        .orderBy("pet.id"),
    );
  const mother = (eb) =>
    jsonObjectFrom(
      eb
        .selectFrom("person as mother")
        .select(["mother.id", "mother.first_name"])
        .whereRef("mother.id", "=", "person.mother_id"),
    );
  const people = () =>
    db
      .selectFrom("person")
      .select((eb) => [
        "person.id",
        "person.first_name",
        "person.birth_year",
        pets(eb).as("pets"),
        mother(eb).as("mother"),
      ]);

  const nodes = (query, parent, depth) => {
    const selected = query.select([`${parent}.id`, `${parent}.name`]);
    if (depth === 0) return selected;
    const child = `child_${depth}`;
    return selected.select((eb) =>
      jsonArrayFrom(
        nodes(eb.selectFrom(`node as ${child}`), child, depth - 1)
          .whereRef(`${child}.parent_id`, "=", `${parent}.id`)
          .orderBy(`${child}.id`),
      ).as("children"),
    );
  };

  return {
    Kysely: {
      one: work((key) => people().where("person.id", "=", key).executeTakeFirstOrThrow()),
      page: work((key, count) => people().where("person.id", ">", key).orderBy("person.id").limit(count).execute()),
      every: work(() => people().orderBy("person.id").execute()),
      tree: work((_, depth) =>
        nodes(db.selectFrom("node"), "node", depth).where("node.parent_id", "is", null).orderBy("node.id").execute(),
      ),
    },
  };
}
