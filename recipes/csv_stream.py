"""A large result straight into a CSV file: rows come one after the other, and memory stays small.

python recipes/csv_stream.py [URL]     (without a URL: SQLite in memory)
"""

import asyncio
import csv
import sys
import tempfile
from pathlib import Path
from typing import Any

from schema import pet, village

from querykit import Database


async def write_csv(db: Database, path: Path) -> int:
    """Write the pets to a file, and tell how many there were."""
    query = db.select_from(pet).select(pet.id, pet.name, pet.species).order_by(pet.id)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["id", "name", "species"])
        writer.writeheader()
        count = 0
        async with query.stream(chunk_size=500) as rows:  # the connection is let go however the block is left
            async for row in rows:
                writer.writerow(row)
                count += 1
    return count


async def main(url: str = "sqlite:///:memory:") -> dict[str, Any]:
    async with village(url) as db:
        hens = ({"id": 10 + n, "name": f'"hen", {n}', "species": "hen", "owner_id": 3} for n in range(5_000))
        await db.insert_into(pet).values(hens).execute()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "pets.csv"
            count = await write_csv(db, path)
            lines = path.read_text(encoding="utf-8").splitlines()
    found = {"rows": count, "first": lines[1], "last": lines[-1]}
    print(found)
    return found


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
