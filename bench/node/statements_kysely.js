// Statements by Kysely, compiled as its documentation on "cold" instances shows.

import { DummyDriver, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from "kysely";
import { jsonArrayFrom, jsonObjectFrom } from "kysely/helpers/postgres";
import { work } from "./drivers.js";

const db = new Kysely({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (instance) => new PostgresIntrospector(instance),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
});

const rows = Array.from({ length: 100 }, (_, place) => {
  const n = place + 1;
  return { id: n, name: `person ${n}`, age: n % 90, city: "Ulm", score: n * 2 };
});

const simple = (key) =>
  db
    .selectFrom("person")
    .select(["person.id", "person.first_name", "person.birth_year"])
    .where("person.id", "=", key)
    .compile();

const joined = (key, count) =>
  db
    .selectFrom("person")
    .leftJoin("pet", "pet.owner_id", "person.id")
    .select(({ fn }) => [
      "person.id",
      "person.first_name",
      fn.count("pet.id").as("pets"),
      fn.max("pet.name").as("last"),
    ])
    .where("person.id", ">", key)
    .groupBy(["person.id", "person.first_name"])
    .having(({ fn }) => fn.count("pet.id"), ">", 1)
    .orderBy("person.id")
    .limit(count)
    .compile();

const nested = (key) =>
  db
    .selectFrom("person")
    .select((eb) => [
      "person.id",
      "person.first_name",
      jsonArrayFrom(
        eb
          .selectFrom("pet")
          .select(["pet.id", "pet.name"])
          .whereRef("pet.owner_id", "=", "person.id")
          .orderBy("pet.name"),
      ).as("pets"),
      jsonObjectFrom(
        eb
          .selectFrom("person as mother")
          .select(["mother.id", "mother.first_name"])
          .whereRef("mother.id", "=", "person.mother_id"),
      ).as("mother"),
    ])
    .where("person.id", ">", key)
    .orderBy("person.id")
    .compile();

const wide = (key) =>
  db
    .with("spent", (eb) =>
      eb
        .selectFrom("order")
        .select(({ fn }) => ["order.customer_id", fn.sum("order.amount").as("total")])
        .where("order.state", "=", "paid")
        .where("order.amount", ">", key)
        .groupBy("order.customer_id"),
    )
    .selectFrom("customer")
    .innerJoin("spent", "spent.customer_id", "customer.id")
    .innerJoin("order", "order.customer_id", "customer.id")
    .leftJoin("product", "product.id", "order.product_id")
    .select((eb) => [
      "customer.id",
      "customer.name",
      "product.title",
      "order.amount",
      "spent.total",
      eb
        .case()
        .when("order.amount", ">", 100)
        .then("large")
        .when("order.amount", ">", 10)
        .then("middle")
        .else("small")
        .end()
        .as("size"),
      eb.fn
        .agg("rank")
        .over((over) => over.partitionBy("customer.city").orderBy("spent.total", "desc"))
        .as("rank"),
    ])
    .where((eb) => eb.between("customer.age", 18, 65))
    .where("product.price", "<", 1000)
    .orderBy("customer.id")
    .orderBy("order.id", "desc")
    .compile();

const insert_one = (key) => db.insertInto("customer").values(rows[key]).compile();
const insert_hundred = () => db.insertInto("customer").values(rows).compile();
const upsert_hundred = () =>
  db
    .insertInto("customer")
    .values(rows)
    .onConflict((conflict) =>
      conflict.column("id").doUpdateSet((eb) => ({
        name: eb.ref("excluded.name"),
        age: eb.ref("excluded.age"),
        score: eb.ref("excluded.score"),
      })),
    )
    .compile();

const plain = ({ sql, parameters }) => [sql, parameters];
const made = { simple, joined, nested, wide, insert_one, insert_hundred, upsert_hundred };

export async function opened() {
  const works = Object.entries(made).map(([name, run]) => [name, work(run, { plain, isSync: true })]);
  return { Kysely: Object.fromEntries(works) };
}
