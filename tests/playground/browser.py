"""A real browser: Debian's Chromium, driven by Playwright. `python -m tests.playground.browser` takes the docs' pictures."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, async_playwright

from querykit.playground import running
from tests.servers.chromium import chromium

PICTURES = Path(__file__).parents[2] / "docs" / "images"
QUIET = (
    "--no-sandbox",  # which root has not
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)
"""It draws without a screen, and asks nobody on the network."""


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """Chromium, without a window."""
    found = await asyncio.to_thread(chromium)
    async with async_playwright() as driver:
        started = await driver.chromium.launch(
            executable_path=found.program, args=list(QUIET), env={**os.environ, **found.environment}
        )
        try:
            yield started
        finally:
            await started.close()


async def take_pictures() -> None:
    """Take the pictures of docs/playground.md."""
    PICTURES.mkdir(exist_ok=True)
    async with running() as playground, browser() as chrome:
        for name, theme, tab in (("result", "light", "result"), ("python", "dark", "python"), ("sql", "light", "sql")):
            page = await chrome.new_page(color_scheme=theme, viewport={"width": 1280, "height": 800})
            await page.goto(playground.address)
            await page.locator(".tree details").first.wait_for()
            await page.locator(f"#tab-{tab}").click()
            await page.locator("#panel-result.stale").wait_for(state="detached")
            await page.locator(f"#panel-{tab}").evaluate(
                "panel => panel.scrollTop = panel.id === 'panel-python' ? 580 : 0"
            )
            path = PICTURES / f"playground-{name}.png"
            await page.screenshot(path=path)
            print(path, path.stat().st_size)  # noqa: T201
            await page.close()


if __name__ == "__main__":
    asyncio.run(take_pictures())
