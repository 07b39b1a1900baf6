// The drivers that Kysely and Drizzle run on.

import SQLite from "better-sqlite3";
import mysql from "mysql2";
import pg from "pg";

export function opener(url) {
  const { protocol, pathname } = new URL(url);
  if (protocol === "sqlite:") {
    return { name: "sqlite", open: () => new SQLite(pathname.slice(1), { readonly: false }) };
  }
  if (protocol === "postgresql:") {
    return { name: "postgres", open: () => new pg.Pool({ connectionString: url, max: 10 }) };
  }
  return { name: "mysql", open: () => mysql.createPool({ uri: url, connectionLimit: 10 }) };
}

export function work(run, { plain = (result) => result, isSync = false } = {}) {
  return { run, plain, isSync };
}
