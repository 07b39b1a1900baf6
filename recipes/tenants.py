"""Many tenants in the same tables: policies that no query can forget, and one statement for all of them.

python recipes/tenants.py [URL]     (without a URL: SQLite in memory)
"""

import asyncio
import pprint
import sys
from typing import Any

from querykit import (
    Column,
    Database,
    PolicyError,
    PolicyViolationError,
    RowLevelSecurityPlugin,
    Table,
    column,
    fn,
    insert_into,
    json_array_from,
    param,
    select_from,
    sql,
)
from querykit.schema import create_tables, drop_tables


class Shop(Table, name="tenant_shop"):
    id: Column[int] = column(primary_key=True)
    tenant_id: Column[int]
    city: Column[str]


class Sale(Table, name="tenant_sale"):
    id: Column[int] = column(primary_key=True)
    tenant_id: Column[int]
    shop_id: Column[int]
    amount: Column[int]


shop, sale = Shop(), Sale()
policies = {name: lambda table, ctx: table.tenant_id == ctx.tenant for name in ("tenant_shop", "tenant_sale")}
security = RowLevelSecurityPlugin(policies)
# Nothing here says whose: the plugin does, in the list, in the sum and in the outermost query.
sales = select_from(sale).select(sale.amount).where(sale.shop_id == shop.id).order_by(sale.id)
total = select_from(sale).select(fn.sum(sale.amount)).as_("total_of_all")
shops = select_from(shop).select(shop.city, json_array_from(sales).as_("sales"), total).order_by(shop.id)


async def main(url: str = "sqlite:///:memory:") -> list[Any]:
    async with Database(url, plugins=[security]) as db:
        owner = db.without_plugins()  # the only way past the policies
        await drop_tables(shop, sale, if_exists=True).run(owner)
        await create_tables(shop, sale).run(owner)

        ada, bob = db.with_context(tenant=1), db.with_context(tenant=2)
        add = insert_into(shop).values(id=param("id", int), tenant_id=param("tenant", int), city=param("city", str))
        for handle, tenant, city in ((ada, 1, "Bath"), (bob, 2, "York")):
            await handle.execute(add, parameters={"id": tenant, "tenant": tenant, "city": city})
            rows = [{"id": tenant * 10 + n, "tenant_id": tenant, "shop_id": tenant, "amount": n} for n in (1, 2)]
            await handle.execute(insert_into(sale).values(rows))
        assert (await bob.update(sale).set(amount=sale.amount * 10).all_rows().execute()).rows_affected == 2

        found = [await handle.fetch_all(shops) for handle in (ada, bob)]
        try:
            await ada.execute(add, parameters={"id": 3, "tenant": 2, "city": "Hull"})
        except PolicyViolationError as error:
            print("refused:", error)
        try:
            await ada.fetch_all(sql("SELECT * FROM tenant_sale"))
        except PolicyError as error:
            print("refused:", error)
        await drop_tables(shop, sale).run(owner)
    pprint.pp(found)
    return found


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
