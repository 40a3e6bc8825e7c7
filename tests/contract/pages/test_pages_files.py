"""The shell and the files of the pages, without a browser."""

import re
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from lineman.adapters.http.pages import CHARTS, STATIC, StaticFiles, pages

pytestmark = pytest.mark.anyio

MODULES = sorted((STATIC / "js").glob("*.js"))


def client(app: Starlette) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")


def house(api: str = "/api") -> httpx.AsyncClient:
    return client(Starlette(routes=pages(api=api)))


async def test_every_address_of_a_page_answers_the_shell_that_says_where_the_apis_are() -> None:
    async with house(api="/miners/api") as ask:
        answers = [await ask.get(path) for path in ("/ui/", "/ui/miners/17", "/ui/containers/3?span=7d")]
        assert (await ask.get("/ui")).headers["location"] == "/ui/"
    assert {(answer.status_code, answer.headers["content-type"]) for answer in answers} == {
        (200, "text/html; charset=utf-8")
    }
    assert 'data-ui="/ui/" data-api="/miners/api" data-identity="/api"' in answers[0].text


async def test_under_a_mount_everything_is_below_it_and_a_prefix_cannot_break_out_of_its_attribute() -> None:
    async with client(Starlette(routes=[Mount('/a"b', routes=pages())])) as ask:
        shell = (await ask.get("/a%22b/ui/")).text
        script = re.search(r'<script type="module" src="([^"]+)"', shell)
        assert script is not None
        assert 'data-api="/a&quot;b/api"' in shell
        assert (await ask.get(script[1].replace("&quot;", "%22"))).status_code == 200


async def test_files_are_kept_for_ever_under_the_digest_of_now_and_asked_for_anew_under_an_old_one() -> None:
    digest = StaticFiles.read().digest
    async with house() as ask:
        new = await ask.get(f"/ui/static/{digest}/js/main.js")
        again = await ask.get(f"/ui/static/{digest}/js/main.js", headers={"If-None-Match": f"W/{new.headers['etag']}"})
        old = await ask.get("/ui/static/0123456789abcdef/js/main.js")
    assert new.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert new.headers["content-type"] == "text/javascript; charset=utf-8"
    assert (again.status_code, again.content) == (304, b"")
    assert (old.content, old.headers["cache-control"]) == (new.content, "no-cache")


@pytest.mark.parametrize("path", ["../pages.py", "..%2fpages.py", "%2e%2e/pages.py", "js/%00", "shell.html", "js/"])
async def test_nothing_but_the_files_can_be_had(path: str) -> None:
    async with house() as ask:
        assert (await ask.get(f"/ui/static/x/{path}")).status_code == 404


async def test_a_build_without_the_chart_library_says_so_to_the_scripts(tmp_path: Path) -> None:
    (tmp_path / "shell.html").write_text('<html data-charts="$charts">$chart_style</html>')
    shells = []
    for name in ("other.js", CHARTS):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
        async with client(Starlette(routes=pages(static=tmp_path))) as ask:
            shells.append((await ask.get("/ui/")).text)
    assert 'data-charts="no"></html>' in shells[0]
    assert 'data-charts="yes"><link rel="stylesheet"' in shells[1]


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.name))
def test_modules_import_what_is_there_and_never_write_markup(module: Path) -> None:
    text = module.read_text("utf-8")
    for name in re.findall(r'from "\./([^"]+)"', text):
        assert (module.parent / name).is_file(), name
    assert re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text) == []


def test_the_shell_has_no_scripts_and_styles_of_its_own() -> None:
    shell = (STATIC / "shell.html").read_text("utf-8")
    assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon\w+=|https?://", shell) == []
