"""
The example notebook runs in a kernel, and looks well in a browser.

The browser's part takes Playwright, nbconvert, a Chromium, and axe-core of npm; ``.ci/run``
installs them. It leaves its screenshots in ``PUBLORA_TEST_SCREENSHOTS``, for people to look at.
"""

import asyncio
import os
import re
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import nbformat
import openpyxl
import pytest
from kernels import execute, install_kernel

from publora_async import ConnectionList
from publora_async.sandbox import Faults, Sandbox
from publora_sync import Publora

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route
else:
    Browser = Page = Route = object

NOTEBOOK = Path(__file__).with_name("agency.ipynb")
AXE = Path(os.environ.get("PUBLORA_TEST_NODE_PATH", "")) / "axe-core" / "axe.min.js"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))), None)
pytestmark = pytest.mark.timeout(300)  # seconds: 2,000 users are asked about, in a kernel

HOSTILE = (
    ("twitter-1", "@x", "<script>document.title = 'owned'</script><img src=x onerror=alert(1)>"),
    ("linkedin-2", '" onmouseover="alert(1)', "\u202egpj.exe \u2066"),
    ("instagram-3", "x" * 300, "L" + "o" * 298 + "ng"),
    ("threads-4", "日本語のユーザー名", "株式会社とても長い名前のサンプル商店・東京本店アカウント"),
    ("tiktok-5", "@شركة", "شركة النور للتجارة"),
    ("telegram--6", None, "👩\u200d👩\u200d👧\u200d👦🥐🏳️\u200d🌈" * 6),
    ("bluesky-7", "</td></tr></table>", "javascript:alert(1)"),
)
"""Names that try to run, to break out, to turn round, or that are long, wide or of many parts."""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(users=2000) as sandbox:
        first, second, third = sandbox.user_ids[:3]
        soon = sandbox.now + timedelta(days=6, hours=3)
        expires_at = soon.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        accounts = [
            {
                "platformId": platform_id,
                "username": username,
                "displayName": name,
                "profileImageUrl": "https://images.example/x.png",
                "accessTokenExpiresAt": expires_at,
                "tokenStatus": "expiring_soon",
                "lastError": {"message": f"{name} {'and so on ' * 20}", "occurredAt": None},
            }
            for platform_id, username, name in HOSTILE
        ]
        sandbox.set_connections(accounts, user_id=first)
        sandbox.faults = Faults(error_users={second: 503, third: 404})
        yield sandbox


@pytest.fixture(scope="module")
def executed(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    """The notebook after all its cells have run, and the folder that it worked in."""
    folder = tmp_path_factory.mktemp("agency")
    notebook = nbformat.read(NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]  # no types
    with pytest.MonkeyPatch.context() as environ:
        install_kernel(folder, sandbox, environ)
        asyncio.run(execute(notebook, folder))
    return notebook, folder


def outputs(notebook: Any) -> list[Any]:  # noqa: ANN401  # its library has no types
    return [output for cell in notebook.cells for output in cell.get("outputs", ())]


def test_the_notebook_in_the_repository_has_no_outputs() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]  # no types
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [(cell.outputs, cell.execution_count) for cell in code] == [([], None)] * len(code)


def test_every_cell_runs_and_the_failed_users_are_told_of(executed: tuple[Any, Path]) -> None:
    notebook, _ = executed
    found = outputs(notebook)
    errors = [output for output in found if output.output_type in {"error", "stream"}]
    assert errors == []
    tables = [output.data["text/html"] for output in found if "text/html" in output.get("data", {})]
    assert "2,000 managed users" in tables[0]
    alarms = [re.search(r"2 of ([\d,]+) users failed: (.*?)<", table) for table in tables[1:3]]
    assert [alarm and alarm[2] for alarm in alarms] == ["1 HTTP 503, 1 HTTP 404"] * 2
    assert sum("image/png" in output.get("data", {}) for output in found) == 1


def test_the_spreadsheet_holds_what_expires_and_who_failed(
    executed: tuple[Any, Path], sandbox: Sandbox
) -> None:
    _, folder = executed
    sheet = openpyxl.load_workbook(folder / "expiring.xlsx").active
    head, *rows = sheet.iter_rows(values_only=True)
    found = [dict(zip(head, row, strict=True)) for row in rows]
    failed = {row["user_id"] for row in found if row["error"] is not None}
    assert failed == set(sandbox.user_ids[1:3])
    mine = [row["display_name"] for row in found if row["user_id"] == sandbox.user_ids[0]]
    assert mine == [name for _, _, name in HOSTILE]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium, where there are one and what is needed besides."""
    if missing := [name for name in ("playwright", "nbconvert") if find_spec(name) is None]:
        pytest.skip(f"{' and '.join(missing)} are not installed")
    if not AXE.exists():
        pytest.skip("axe-core is not in PUBLORA_TEST_NODE_PATH")
    from playwright.sync_api import Error, sync_playwright

    with sync_playwright() as playwright:
        try:
            chromium = playwright.chromium.launch(executable_path=CHROMIUM)
        except Error as error:
            pytest.skip(f"there is no Chromium: {error.message.splitlines()[0]}")
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def screenshots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = os.environ.get("PUBLORA_TEST_SCREENSHOTS")
    return Path(folder) if folder else tmp_path_factory.mktemp("screenshots")


@pytest.mark.parametrize("width", [1280, 600])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_looks_well_and_accessible_in_a_browser(
    theme: str, width: int, browser: Browser, executed: tuple[Any, Path], screenshots: Path
) -> None:
    from nbconvert import HTMLExporter

    notebook, folder = executed
    html, _ = HTMLExporter(theme=theme).from_notebook_node(notebook)
    path = folder / f"{theme}.html"
    path.write_text(html, "utf-8")
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=theme)
    asked = Requests(page)
    dialogs: list[object] = []
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    page.goto(path.as_uri())
    page.screenshot(path=screenshots / f"agency-{theme}-{width}.png", full_page=True)

    # For the scripts of nbconvert's own page; nobody else is asked.
    assert set(asked.hosts) <= {"cdnjs.cloudflare.com", "unpkg.com"}
    assert (dialogs, page.title()) == ([], "Notebook")
    assert page.locator(".publora-shown script, .publora-shown img").count() == 0
    # Of ours alone: nbconvert's prompts and the colours of its code have too little contrast.
    assert violations(page, ".publora-shown") == []
    shown = page.locator(".publora-frame").first
    background = shown.evaluate("element => getComputedStyle(element).backgroundColor")
    assert background == {"light": "rgb(255, 255, 255)", "dark": "rgb(21, 25, 31)"}[theme]
    page.close()


class Requests:
    """Notes which hosts a page would ask, with what, and lets none be asked."""

    def __init__(self, page: Page) -> None:
        self.hosts: list[str] = []
        self.referrers: list[str | None] = []
        page.route(re.compile("^https?:"), self._note)

    def _note(self, route: Route) -> None:
        self.hosts.append(urlsplit(route.request.url).hostname or "")
        self.referrers.append(route.request.headers.get("referer"))
        route.abort()


def violations(page: Page, within: str) -> list[str]:
    """What axe-core finds wrong: how bad, which rule, where."""
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("within => axe.run(within)", within)
    return [
        f"{one['impact']}: {one['id']}: {node['html'][:200]}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


def test_the_header_stays_when_the_table_is_scrolled(browser: Browser, sandbox: Sandbox) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_content(f"<!doctype html><title>t</title>{listed(sandbox).to_html()}")
    scrolled = page.locator(".publora-scroll").last
    scrolled.evaluate("element => element.scrollTo(0, 300)")
    top = "element => element.getBoundingClientRect().top"
    head = scrolled.locator("thead th").first.evaluate(top)
    assert head == pytest.approx(scrolled.evaluate(top), abs=1)
    page.close()


def listed(sandbox: Sandbox, user_id: str | None = None) -> ConnectionList:
    """The accounts, asked for in another thread: in this one Playwright runs a loop."""

    def ask() -> ConnectionList:
        with Publora(sandbox.api_key, base_url=sandbox.base_url) as publora:
            return publora.connections.list(user_id=user_id)

    with ThreadPoolExecutor(1) as threads:
        return threads.submit(ask).result()


def test_pictures_are_fetched_only_where_they_were_asked_for_and_nobody_is_told_by_which_page(
    browser: Browser, sandbox: Sandbox
) -> None:
    accounts = listed(sandbox, sandbox.user_ids[0])
    assert pictures_of(accounts.to_html(), browser) == set()
    assert pictures_of(accounts.to_html(show_images=True), browser) == {("images.example", None)}


def pictures_of(table: str, browser: Browser) -> set[tuple[str, str | None]]:
    """The hosts that a page with *table* asks, each with the page that it is told it is for."""
    home = "https://notebook.example/"
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    asked = Requests(page)

    def answer(route: Route) -> None:
        route.fulfill(content_type="text/html", body=f"<!doctype html><title>t</title>{table}")

    page.route(home, answer)
    page.goto(home, wait_until="load")
    page.wait_for_function("[...document.images].every(image => image.complete)")
    page.close()
    return {*zip(asked.hosts, asked.referrers, strict=True)}
