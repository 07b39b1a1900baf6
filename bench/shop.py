"""The tables of the wide query and of the inserts, and rows in them."""

from __future__ import annotations

from querykit import Column, Database, Table, insert_into, sql


class Customer(Table, name="customer"):
    id: Column[int]
    name: Column[str]
    age: Column[int]
    city: Column[str]
    score: Column[int]


class Order(Table, name="order"):
    id: Column[int]
    customer_id: Column[int]
    product_id: Column[int]
    amount: Column[int]
    state: Column[str]


class Product(Table, name="product"):
    id: Column[int]
    title: Column[str]
    price: Column[int]


customer, order, product = Customer(), Order(), Product()

ROWS = [{"id": n, "name": f"person {n}", "age": n % 90, "city": "Ulm", "score": n * 2} for n in range(1, 101)]
"""What is inserted."""

TABLES = (
    "CREATE TABLE customer (id INTEGER PRIMARY KEY, name TEXT, age INTEGER, city TEXT, score INTEGER)",
    'CREATE TABLE "order" (id INTEGER PRIMARY KEY, customer_id INTEGER, product_id INTEGER, amount INT, state TEXT)',
    "CREATE TABLE product (id INTEGER PRIMARY KEY, title TEXT, price INTEGER)",
)


async def open_shop(url: str) -> None:
    """Make the tables in an empty database of PostgreSQL, and fill them."""
    customers = [
        {"id": n, "name": f"customer {n}", "age": 10 + n, "city": ("Ulm", "Bonn")[n % 2], "score": n}
        for n in range(1, 51)
    ]
    orders = [
        {
            "id": n,
            "customer_id": n * 7 % 50 + 1,
            "product_id": n % 12 + 1,
            "amount": n % 130,
            "state": "open" if n % 5 == 0 else "paid",
        }
        for n in range(1, 501)
    ]
    products = [{"id": n, "title": f"product {n}", "price": n * 110} for n in range(1, 11)]
    async with Database(url) as db:
        for each in TABLES:
            await db.execute(sql(each))
        await db.execute(insert_into(customer).values(customers))
        await db.execute(insert_into(order).values(orders))
        await db.execute(insert_into(product).values(products))
