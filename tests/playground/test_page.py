"""The page in a real browser: what a person clicks and types becomes the query, and what comes back is only shown."""

import re

import pytest
from playwright.async_api import expect

from querykit import Database, sql
from querykit.playground import running
from querykit.playground.demo import PEOPLE
from tests.playground.browser import browser


@pytest.fixture(scope="module")
async def chrome():
    async with browser() as started:
        yield started


@pytest.fixture(scope="module")
async def demo():
    async with running(timeout=5) as made:
        yield made


@pytest.fixture
async def make_page(chrome):
    """Opens pages, and fails if one of them complains."""
    contexts, complaints = [], []

    async def make(address, **options):
        context = await chrome.new_context(viewport={"width": options.pop("width", 1280), "height": 860}, **options)
        contexts.append(context)
        page = await context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(dialog.message))
        page.on("console", lambda said: complaints.append(said.text) if "Content Security" in said.text else None)
        await page.goto(address)
        return page

    yield make
    for context in contexts:
        await context.close()
    assert complaints == []


@pytest.fixture
async def page(make_page, demo):
    made = await make_page(demo.address)
    await expect(made.locator(".tree > details")).to_have_count(len(PEOPLE))
    return made


async def test_it_opens_with_nested_rows_and_forgets_the_token_in_its_address(page, demo):
    assert page.url == f"{demo.origin}/"
    await expect(page.locator("#database")).to_contain_text("the demo village SQLite")
    tree = page.locator(".tree")
    await expect(tree).to_contain_text("cork on a string")
    await page.get_by_role("button", name="Close all").click()
    await expect(tree).not_to_contain_text("cork on a string")
    await page.locator("summary").nth(1).click()
    await expect(tree.locator(".key", has_text="mother").first).to_be_visible()
    await page.reload()
    await expect(tree).to_contain_text("cork on a string")


async def test_a_query_is_built_by_clicks(page):
    await page.get_by_label("Table").select_option("pet")
    await page.get_by_role("button", name="+ filter").click()
    await page.get_by_role("combobox", name="Column").first.select_option("species")
    await page.get_by_label("Operator").select_option("starts_with")
    await page.get_by_label("Value").fill("c")
    await page.get_by_role("button", name="+ owner").click()
    owner = page.get_by_label("Nested owner")
    await owner.get_by_role("button", name="none").click()
    await owner.get_by_text("first_name", exact=True).click()
    await owner.get_by_role("button", name="+ mother").click()
    await owner.get_by_label("The name of the nested person").nth(1).fill("her mother")
    await page.get_by_role("button", name="Run").click()
    tree = page.locator(".tree")
    await expect(tree.locator("> details")).to_have_count(1)
    for text in ("Mischa", "Beatrice", "her mother", "Agnes"):
        await expect(tree).to_contain_text(text)

    await page.get_by_role("tab", name="Python").click()
    program = page.locator("#panel-python pre")
    await expect(program).to_contain_text('.where(pet.species.starts_with("c"))')
    await expect(program).to_contain_text('.as_("her mother")')
    await page.get_by_role("tab", name="SQL").click()
    await expect(page.locator("#panel-sql section")).to_have_count(4)
    await expect(page.locator("#panel-sql section").first).to_contain_text("SQLite, this database")
    await expect(page.locator("#panel-sql .parameters").first).to_contain_text("'c%'")
    await page.get_by_role("tab", name="Plan").click()
    await expect(page.locator("#panel-plan")).to_contain_text("SCAN pet")


async def test_a_query_is_built_by_keys_alone(page):
    await page.locator("#table").focus()
    await page.keyboard.press("ArrowDown")
    await expect(page.locator("#table")).to_have_value("pet")
    await page.get_by_role("button", name="+ filter").first.focus()
    await page.keyboard.press("Enter")
    assert await page.evaluate("document.activeElement.getAttribute('aria-label')") == "Column"
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    await page.keyboard.type("2")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".tree > details")).to_have_count(1)
    await page.locator("#tab-result").focus()
    await page.keyboard.press("ArrowRight")
    await expect(page.get_by_role("tab", name="Python")).to_be_focused()
    await expect(page.locator("#panel-python")).to_be_visible()
    await page.keyboard.press("ArrowLeft")
    await page.locator("summary").first.focus()
    await page.keyboard.press("Space")
    await expect(page.locator(".tree > details").first).not_to_have_attribute("open", "")
    chip = page.get_by_role("checkbox", name="species")
    await chip.focus()
    await page.keyboard.press("Space")
    await expect(chip).not_to_be_checked()


async def test_what_is_wrong_is_said_where_it_is(page):
    await page.get_by_role("button", name="+ filter").first.click()
    await page.get_by_label("Value").fill("one")
    await expect(page.locator("#problem")).to_contain_text(re.compile("^filters . 1: takes a whole number"))
    await expect(page.locator(".line[aria-invalid]")).to_have_count(1)
    await page.get_by_label("Value").fill("1")
    await expect(page.locator("#problem")).to_be_hidden()
    await expect(page.locator("[aria-invalid]")).to_have_count(0)
    await page.get_by_role("button", name="none").first.click()
    for remove in ("Remove pets", "Remove mother"):
        await page.get_by_role("button", name=remove).click()
    await expect(page.locator("#problem")).to_have_text("columns: choose at least one column")


@pytest.mark.parametrize("token", ["", "#wrong"])
async def test_without_the_token_it_says_what_to_do(make_page, demo, token):
    page = await make_page(f"{demo.origin}/{token}")
    await expect(page.locator("#stop")).to_contain_text("address that the command printed")
    await expect(page.locator("main")).to_be_hidden()


async def test_a_server_that_has_ended_is_a_calm_message(make_page):
    async with running() as made:
        page = await make_page(made.address)
        await expect(page.locator(".tree > details")).to_have_count(len(PEOPLE))
    await page.get_by_role("button", name="Run").click()
    await expect(page.locator("#problem")).to_contain_text("is the command still running?")


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 800), ("light", 390)])
async def test_it_fits_and_every_control_has_a_name(make_page, demo, theme, width):
    page = await make_page(demo.address, width=width, color_scheme=theme)
    await expect(page.locator(".tree > details")).to_have_count(len(PEOPLE))
    await page.get_by_role("button", name="+ filter").first.click()
    for tab in ("Result", "Python", "SQL", "Plan"):
        await page.get_by_role("tab", name=tab).click()
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
    nameless = "each => !(each.labels?.length || each.getAttribute('aria-label') || each.textContent.trim())"
    assert (
        await page.evaluate(f"[...document.querySelectorAll('input, select, button')].filter({nameless}).length") == 0
    )
    assert await page.evaluate("getComputedStyle(document.documentElement).colorScheme") == theme
    assert await page.evaluate(CONTRAST) >= 4.5
    await page.get_by_label("Change between light and dark").click()
    assert await page.evaluate("getComputedStyle(document.documentElement).colorScheme") != theme


CONTRAST = """
(() => {
  const light = (text) => {
    const of = text.match(/[\\d.]+/g).slice(0, 3).map((each) => each / 255);
    const [r, g, b] = of.map((each) => (each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (node) => {
    const found = getComputedStyle(node).backgroundColor;
    return found !== "rgba(0, 0, 0, 0)" || !node.parentElement ? found : behind(node.parentElement);
  };
  const own = (node) => [...node.childNodes].some((each) => each.nodeType === 3 && each.textContent.trim());
  const nodes = [...document.querySelectorAll("header *, main *")].filter((each) => own(each) && each.offsetParent);
  return Math.min(...nodes.map((node) => {
    const [one, other] = [getComputedStyle(node).color, behind(node)].map(light);
    return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
  }));
})()
"""
"""The least contrast between a text and what it stands on."""


async def test_a_script_that_is_not_the_pages_own_does_not_run(make_page, demo):
    page = await make_page(demo.address)
    await expect(page.locator(".tree > details")).to_have_count(len(PEOPLE))
    refused = """
    () => {
      const script = document.createElement("script");
      try { script.textContent = "window.was = 1"; document.body.append(script); } catch (error) {}
      try { document.body.innerHTML += "<img src=x onerror='window.was = 1'>"; } catch (error) { return [error.name, window.was]; }
      return ["", window.was];
    }
    """
    assert await page.evaluate(refused) == ["TypeError", None]


@pytest.fixture
async def hostile(tmp_path):
    url = f"sqlite:///{tmp_path / 'hostile.db'}"
    bad = "<img src=x onerror=alert(1)>"
    async with Database(url) as db:
        await db.execute(sql("CREATE TABLE {} ({} TEXT PRIMARY KEY, big INTEGER)", sql.id(bad), sql.id(f"{bad}'\"`")))
        await db.execute(
            sql("INSERT INTO {} VALUES ({}, {})", sql.id(bad), f"</pre><script>alert(2)</script>{bad}", 2**53 + 1)
        )
    async with running(url) as made:
        yield made


async def test_texts_of_the_database_are_never_html(make_page, hostile):
    page = await make_page(hostile.address)
    await expect(page.locator(".tree")).to_contain_text("</pre><script>alert(2)</script><img src=x onerror=alert(1)>")
    await expect(page.locator(".tree")).to_contain_text(str(2**53 + 1))
    for tab in ("Python", "SQL", "Plan"):
        await page.get_by_role("tab", name=tab).click()
        await expect(page.locator(f"#panel-{tab.lower()}")).to_contain_text("<img src=x onerror=alert(1)>")
    assert await page.locator("main img, main script").count() == 0


async def test_a_page_of_each_database(make_page, playground, database_name):
    page = await make_page(playground.address)
    await page.get_by_label("Table").select_option("person")
    await page.get_by_role("button", name="+ pets").first.click()
    await page.get_by_role("button", name="Run").click()
    await expect(page.locator(".tree > details")).to_have_count(len(PEOPLE))
    await expect(page.locator(".tree")).to_contain_text("tortoise")
    await page.get_by_role("tab", name="Plan").click()
    await expect(page.locator("#panel-plan")).to_contain_text("person")
    titles = {"postgres": "PostgreSQL", "mysql": "MySQL", "mariadb": "MariaDB", "sqlite": "SQLite"}
    await expect(page.locator("#database")).to_contain_text(titles[database_name])
