// Nested reads by Drizzle's relational queries, prepared as its page on performance advises.

import { relations, sql } from "drizzle-orm";
import { drizzle as onSQLite } from "drizzle-orm/better-sqlite3";
import * as mysql from "drizzle-orm/mysql-core";
import { drizzle as onMySQL } from "drizzle-orm/mysql2";
import { drizzle as onPostgres } from "drizzle-orm/node-postgres";
import * as postgres from "drizzle-orm/pg-core";
import * as sqlite from "drizzle-orm/sqlite-core";
import { opener, work } from "./drivers.js";

const kinds = {
  postgres: {
    table: postgres.pgTable,
    integer: postgres.integer,
    text: (name) => postgres.varchar(name, { length: 50 }),
  },
  mysql: { table: mysql.mysqlTable, integer: mysql.int, text: (name) => mysql.varchar(name, { length: 50 }) },
  sqlite: { table: sqlite.sqliteTable, integer: sqlite.integer, text: sqlite.text },
};

function schemaOf({ table, integer, text }) {
  const person = table("person", {
    id: integer("id").primaryKey(),
    first_name: text("first_name").notNull(),
    birth_year: integer("birth_year").notNull(),
    mother_id: integer("mother_id"),
  });
  const pet = table("pet", {
    id: integer("id").primaryKey(),
    name: text("name").notNull(),
    species: text("species").notNull(),
    owner_id: integer("owner_id").notNull(),
  });
  const toy = table("toy", {
    id: integer("id").primaryKey(),
    name: text("name").notNull(),
    price: integer("price").notNull(),
    pet_id: integer("pet_id").notNull(),
  });
  const node = table("node", {
    id: integer("id").primaryKey(),
    name: text("name").notNull(),
    parent_id: integer("parent_id"),
  });
  return {
    person,
    pet,
    toy,
    node,
    personRelations: relations(person, ({ one, many }) => ({
      mother: one(person, { fields: [person.mother_id], references: [person.id], relationName: "mother" }),
      pets: many(pet),
    })),
    petRelations: relations(pet, ({ one, many }) => ({
      owner: one(person, { fields: [pet.owner_id], references: [person.id] }),
      toys: many(toy),
    })),
    toyRelations: relations(toy, ({ one }) => ({ pet: one(pet, { fields: [toy.pet_id], references: [pet.id] }) })),
    nodeRelations: relations(node, ({ one, many }) => ({
      parent: one(node, { fields: [node.parent_id], references: [node.id], relationName: "parent" }),
      children: many(node, { relationName: "parent" }),
    })),
  };
}

function database({ name, open }, schema) {
  if (name === "postgres") return onPostgres(open(), { schema });
  if (name === "mysql") return onMySQL(open().promise(), { schema, mode: "default" });
  return onSQLite(open(), { schema });
}

const byId = (table, { asc }) => asc(table.id);
const withRelations = {
  columns: { id: true, first_name: true, birth_year: true },
  with: {
    pets: {
      columns: { id: true, name: true, species: true },
      orderBy: byId,
      with: { toys: { columns: { id: true, name: true, price: true }, orderBy: byId } },
    },
    mother: { columns: { id: true, first_name: true } },
  },
};

function nodes(depth) {
  const columns = { id: true, name: true };
  return depth === 0 ? { columns, orderBy: byId } : { columns, orderBy: byId, with: { children: nodes(depth - 1) } };
}

export async function opened(url) {
  const target = opener(url);
  const schema = schemaOf(kinds[target.name]);
  const db = database(target, schema);
  const key = sql.placeholder("key");
  const find = db.query.person;
  const queries = {
    one: find.findFirst({ ...withRelations, where: (person, { eq }) => eq(person.id, key) }),
    page: find.findMany({
      ...withRelations,
      where: (person, { gt }) => gt(person.id, key),
      orderBy: byId,
      limit: sql.placeholder("count"),
    }),
    every: find.findMany({ ...withRelations, orderBy: byId }),
  };
  const prepared = Object.fromEntries(Object.entries(queries).map(([name, query]) => [name, query.prepare(name)]));
  const works = Object.entries(prepared).map(([name, query]) => [
    name,
    work((key, count) => query.execute({ key, count })),
  ]);
  const trees = [1, 2, 3, 4].map((depth) =>
    db.query.node
      .findMany({ ...nodes(depth), where: (node, { isNull }) => isNull(node.parent_id) })
      .prepare(`tree_${depth}`),
  );
  return { Drizzle: { ...Object.fromEntries(works), tree: work((_, depth) => trees[depth - 1].execute()) } };
}
