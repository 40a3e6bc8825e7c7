"""Maps, groups, imports and doing things to many miners, in a real browser."""

import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Page, expect

if TYPE_CHECKING:
    from tests.contract.pages.conftest import Visit

HOSTILE = "<img src=x onerror=alert(1)>"


def api(visit: "Visit", path: str) -> Any:
    """What the API answers whom the page is open for."""
    answer = visit.page.request.get(f"{visit.url}/miners/api/{path}")
    assert answer.status == 200, answer.text()
    return answer.json()


def placed(visit: "Visit") -> dict[str, tuple[int, int, int]]:
    cells = api(visit, "containers/1/map")["cells"]
    return {cell["name"]: (cell["row"], cell["shelf"], cell["slot"]) for cell in cells}


def choose(page: Page, *names: str) -> None:
    for name in names:
        page.get_by_label(f"Choose {name}", exact=True).check()


def test_a_map_is_set_up_filled_and_read_by_mouse_and_by_keyboard(visit: "Visit") -> None:
    page = visit.open("containers/1/map")
    page.get_by_role("button", name="Set up the map").click()
    dialog = page.get_by_role("dialog")
    for label, count in (("Rows of racks", 2), ("Shelves of a rack", 3), ("Slots of a shelf", 10)):
        dialog.get_by_label(label).fill(str(count))
    dialog.get_by_role("button", name="Save").click()
    expect(page.locator(".place")).to_have_count(60)
    page.get_by_role("button", name="Arrange").click()
    loose, doing = page.get_by_label("Miners without a place"), page.locator(".map-page > .outcome")
    expect(loose).to_contain_text("58 miners without a place")
    loose.get_by_role("button", name="N-001").click()
    page.get_by_label("row 1, shelf 1, slot 2: empty").click()
    expect(doing).to_have_text("N-001 stands in row 1, shelf 1, slot 2 now.")
    loose.get_by_role("button", name="N-002").focus()
    page.keyboard.press("Enter")
    page.locator(".place").first.focus()
    for key in ("ArrowDown", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    expect(doing).to_have_text("N-002 stands in row 1, shelf 2, slot 2 now.")
    page.locator("[data-place='1-1-2']").drag_to(page.locator("[data-place='1-2-2']"))
    expect(doing).to_contain_text("N-002 took its old place")
    assert placed(visit) == {"N-001": (1, 2, 2), "N-002": (1, 1, 2)}
    page.get_by_role("button", name="Fill empty places by name").click()
    expect(loose).to_be_hidden()
    page.get_by_role("button", name="Done").click()
    place = page.locator("[data-place='1-2-2']")
    expect(place).to_have_text(re.compile(r"^\d+$"))
    expect(place).to_have_attribute("data-step", re.compile("^h[34]$"))
    place.hover()
    expect(page.locator(".map-told")).to_contain_text(re.compile("^N-001, row 1, shelf 2, slot 2: Online · Mining"))
    page.get_by_role("button", name="State").click()
    expect(place).to_have_text("M")
    expect(page.get_by_label("Legend")).to_contain_text("Sleeping")
    page.reload()
    expect(page.get_by_role("button", name="State")).to_have_attribute("aria-pressed", "true")
    place.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("N-001")
    expect(page.locator(".identity")).to_contain_text("row 1, shelf 2, slot 2")


def test_a_grid_that_miners_do_not_fit_is_refused_in_words(visit: "Visit") -> None:
    visit.expect("409", "422")
    page = visit.open("containers/1")
    page.get_by_role("button", name="Edit").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Slots of a shelf").fill("many")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_label("Slots of a shelf")).to_have_attribute("aria-invalid", "true")
    dialog.get_by_label("Slots of a shelf").fill("1")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_contain_text(re.compile("outside|beyond|stand"))
    for label in ("Rows of racks", "Shelves of a rack", "Slots of a shelf"):
        dialog.get_by_label(label).fill("1000")
    dialog.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Map").click()
    expect(page.get_by_text("This grid is too large to be drawn")).to_be_visible()
    assert page.locator(".place").count() == 0


def test_many_miners_are_tagged_moved_and_polled_with_a_result_for_each(visit: "Visit") -> None:
    page = visit.open("miners?search=N-01&sort=name")
    expect(page.locator("tbody tr")).to_have_count(10)
    choose(page, "N-010")
    page.get_by_label("Choose N-013", exact=True).click(modifiers=["Shift"])
    bar = page.get_by_label("Chosen miners")
    expect(bar).to_contain_text("4 miners chosen")
    bar.get_by_label("What to do with the chosen").select_option("tag")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("N-010, N-011, N-012, N-013")
    dialog.get_by_label("Tags").fill(f"Rented, {HOSTILE}")
    dialog.get_by_role("button", name="Add tags").click()
    expect(page.get_by_role("dialog")).to_contain_text("4 done")
    page.get_by_role("button", name="Close").last.click()
    expect(page.locator("tbody tr").first).to_contain_text("rented")
    page.reload()
    page.get_by_label("Any tag").select_option("rented")
    expect(page.locator("tbody tr")).to_have_count(4)
    assert "tag=rented" in page.url
    page.get_by_label("Choose this page").check()
    page.get_by_label("What to do with the chosen").select_option("untag")
    page.get_by_role("dialog").get_by_label("Tags").fill(HOSTILE)
    page.get_by_role("dialog").get_by_role("button", name="Take tags away").click()
    expect(page.get_by_role("dialog")).to_contain_text("4 done")
    page.get_by_role("button", name="Close").last.click()
    assert [tag["tag"] for tag in api(visit, "miners/tags")] == ["rented"]


def test_what_does_not_work_for_one_of_many_is_told_for_that_one(visit: "Visit") -> None:
    page = visit.open("containers/2")
    choose(page, "S-silent", HOSTILE)
    page.get_by_label("What to do with the chosen").select_option("poll")
    page.get_by_role("dialog").get_by_role("button", name="Poll now: 2 miners").click()
    expect(page.get_by_role("dialog")).to_contain_text("1 done, 1 not")
    expect(page.get_by_label("What did not work")).to_contain_text(
        re.compile("S-silent.*192.0.2.66:4028 did not answer")
    )


def test_all_that_match_are_chosen_beyond_the_page_and_forgotten_with_the_filter(visit: "Visit") -> None:
    page = visit.open("miners?size=50&manufacturer=Whatsminer")
    page.get_by_label("Choose this page").check()
    bar = page.get_by_label("Chosen miners")
    expect(bar).to_contain_text("50 miners chosen")
    bar.get_by_role("button", name="Choose all that match").click()
    expect(bar).to_contain_text("58 miners chosen")
    bar.get_by_label("What to do with the chosen").select_option("deactivate")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("All 58 miners that match the filters")
    dialog.get_by_role("button", name="Poll them no more").click()
    expect(page.get_by_role("dialog")).to_contain_text("58 done")
    page.keyboard.press("Escape")
    assert len(api(visit, "miners?is_active=false&limit=1000")) == 58
    page.get_by_label("Polled or not").select_option("false")
    expect(bar).to_be_hidden()
    with page.expect_download() as download:
        page.get_by_role("link", name="Export CSV").click()
    lines = download.value.path().read_text("utf-8").splitlines()
    assert len(lines) == 59
    assert lines[0].startswith("id,name,ip_address")
    page.get_by_label("Choose this page").check()
    bar.get_by_role("button", name="Choose all that match").click()
    bar.get_by_label("What to do with the chosen").select_option("activate")
    page.get_by_role("dialog").get_by_role("button", name="Poll them from now on").click()
    expect(page.get_by_role("dialog")).to_contain_text("58 done")


def test_an_import_is_tried_row_by_row_before_anything_changes(visit: "Visit") -> None:
    page = visit.open("miners/import")
    page.get_by_label("Rows").fill(
        "name,ip_address,manufacturer,container,tags\n"
        f"I-1,10.7.0.1,antminer,North,hydro\nI-2,not an address!,Avalon,North,\n{HOSTILE},10.7.0.3,Avalon,Nowhere,\n"
    )
    page.get_by_role("button", name="Try it").click()
    rows = page.get_by_label("Rows").last
    expect(page.locator(".callout")).to_contain_text("This would happen: 1 new, 2 wrong")
    expect(rows.locator("tbody tr").first).to_contain_text("ip_address")
    expect(rows).to_contain_text(HOSTILE)
    assert api(visit, "miners?search=10.7.0") == []
    page.get_by_role("button", name="Import 1 miner").click()
    expect(page.locator(".callout")).to_contain_text("Done: 1 new, 2 wrong")
    (made,) = api(visit, "miners?search=10.7.0")
    assert (made["name"], made["container_id"], made["tags"]) == ("I-1", 1, ["hydro"])
    page.get_by_label("Rows").first.fill("name,colour\nI-3,red\n")
    page.get_by_role("button", name="Try it").click()
    expect(page.locator(".note.bad")).to_contain_text("colour")
    visit.expect("422")


def test_a_groups_password_is_written_and_never_shown(visit: "Visit") -> None:
    page = visit.open("groups")
    page.get_by_role("button", name="Add a group").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name", exact=True).fill("Hall 2")
    dialog.get_by_label("User name").fill("root")
    dialog.get_by_label("Password").fill("canary-of-hall-2")
    dialog.get_by_role("button", name="Add group").click()
    row = page.get_by_role("row", name="Hall 2")
    expect(row).to_contain_text(re.compile("root.*set.*0 miners"))
    row.get_by_role("button", name="Edit").click()
    expect(page.get_by_role("dialog").get_by_label("Password")).to_have_value("")
    assert "canary-of-hall-2" not in page.content()
    page.get_by_role("dialog").get_by_role("button", name="Remove this group").click()
    page.get_by_role("button", name="Remove group").click()
    expect(row).to_have_count(0)


@pytest.mark.parametrize("visit", ["carla"], indirect=True)
def test_a_client_sees_the_map_of_his_container_and_cannot_arrange_it(visit: "Visit") -> None:
    page = visit.open("containers/2/map")
    expect(page.get_by_text("This container has no map yet")).to_be_visible()
    assert page.get_by_role("button", name=re.compile("Set up|Arrange")).count() == 0
    assert page.locator("input[data-choose]").count() == 0
