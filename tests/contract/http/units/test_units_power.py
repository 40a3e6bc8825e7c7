"""The power of units over HTTP: cycles, pauses, the red switch, plugs, through the real container."""

from datetime import timedelta

import attrs
import httpx
import pytest

from lineman.ports.identity import Actor, Role
from lineman.ports.power import PlugOffline, PlugState, Startup, UnknownPlug
from lineman.ports.units import CycleResult, Step, UnitSilent

from ..unit_house import DEAD, LOCKED, OF_17, PLUG, UP, Site

pytestmark = pytest.mark.anyio

#: The fields of the specification's tables.
HISTORY_FIELDS = {
    "id", "enterprise_number", "prev_status", "new_status", "change_time", "failure_counter", "error_message",
    "action_type", "action_result", "action_time", "user_initiator", "extra_info",
}  # fmt: skip


async def test_three_failed_looks_cut_power_once_and_the_history_says_all(site: Site, anna: httpx.AsyncClient) -> None:
    await site.looks("17", UP, UP, DEAD, DEAD, DEAD)
    down = (await anna.get("/units/17")).json()
    assert (down["last_status"], down["failure_counter"], down["ewelink_action_done"]) == ("offline", 3, True)
    assert (down["cycling"], down["cycle_step"], down["last_error_message"]) == (
        True,
        "precheck",
        "no answer within 15 s",
    )
    rows = (await anna.get("/units/17/history")).json()
    assert all(set(row) == HISTORY_FIELDS for row in rows)
    assert [row["action_type"] for row in rows] == ["power_cycle", "status_change", "bind"]
    assert (rows[1]["prev_status"], rows[1]["new_status"], rows[1]["user_initiator"]) == ("on", "off", "auto")
    assert [row["id"] for row in (await anna.get("/units/17/history?action_type=bind")).json()] == [rows[2]["id"]]
    assert len((await anna.get("/units/17/history?limit=1")).json()) == 1
    [cycle] = (await anna.get("/units/17/cycles")).json()
    assert (cycle["initiator"], cycle["by"], cycle["plug"]["device_id"]) == ("auto", "scheduler", PLUG)
    under_way = await anna.post("/units/17/power-cycle", json={"confirm": True})
    assert (under_way.status_code, under_way.json()["code"]) == (409, "cycle-under-way")


async def test_a_power_cycle_is_carried_out_and_everybody_is_named(site: Site, anna: httpx.AsyncClient) -> None:
    asked = await anna.post("/units/17/power-cycle", json={})
    assert (asked.status_code, asked.json()["step"], asked.json()["by"]) == (202, "precheck", "anna")
    [cycle] = await site.house.cycle_store().open()
    await site.house.watching().reload()
    site.plugs.seen = PlugState(False, True)
    await site.house.cycling().carry_out(cycle)
    [ended] = (await anna.get("/units/17/cycles")).json()
    assert (ended["result"], ended["error"]) == ("plug_was_off", "plug_already_off")
    rows = (await anna.get("/units/17/history")).json()
    [row] = [row for row in rows if row["action_type"] == "ewelink_toggle"]
    assert (row["action_result"], row["user_initiator"], row["extra_info"]["by"]) == ("fail", "user", "anna")
    assert site.plugs.orders == []
    assert ("anna", "units.power-cycle", "unit 17", f"ewelink:{PLUG}") in await site.journal()


async def test_calls_in_progress_are_named_and_asked_about(site: Site, anna: httpx.AsyncClient) -> None:
    site.probe.counted = 3
    refused = await anna.post("/units/17/power-cycle", json={})
    told = refused.json()
    assert (refused.status_code, told["code"], told["calls"]) == (409, "confirmation-needed", 3)
    assert "3 calls in progress" in told["detail"]
    site.probe.counted = UnitSilent("unit 17 does not answer")
    unknown = await anna.post("/units/17/power-cycle", json={})
    assert (unknown.status_code, "calls" in unknown.json()) == (409, False)
    assert not await site.house.cycle_store().open()
    assert (await anna.post("/units/17/power-cycle", json={"confirm": True})).status_code == 202


async def test_on_is_tried_without_end_until_a_person_gives_up(site: Site, anna: httpx.AsyncClient) -> None:
    begun = (await anna.post("/units/17/power-cycle", json={"confirm": True})).json()
    path, store = f"/units/17/cycles/{begun['id']}/give-up", site.house.cycle_store()
    refused = await anna.post(path, json={"confirm": True})
    assert (refused.status_code, refused.json()["code"]) == (409, "not-stuck")
    cycle = await store.get(begun["id"])
    await store.save(attrs.evolve(cycle, step=Step.ON_SENT, result=CycleResult.STUCK_OFF, on_tries=4))
    asked = await anna.post(path, json={})
    assert (asked.status_code, asked.json()["code"]) == (409, "confirmation-needed")
    assert "see that unit 17 has power" in asked.json()["detail"]
    async with site.client(OF_17) as his, site.client(Actor("bella", Role.ACCOUNTANT)) as bella:
        assert (await bella.post(path, json={"confirm": True})).status_code == 403
        assert (await his.post(path.replace("/17/", "/2/"), json={"confirm": True})).status_code in (403, 404)
    assert (await anna.post(path.replace("/17/", "/2/"), json={"confirm": True})).status_code == 404
    ended = (await anna.post(path, json={"confirm": True})).json()
    assert (ended["result"], ended["step"], ended["finished_at"] is not None) == ("given_up", "done", True)
    newest = (await anna.get("/units/17/history")).json()[0]
    assert (newest["action_type"], newest["action_result"], newest["extra_info"]["by"]) == (
        "give_up",
        "success",
        "anna",
    )
    assert ("anna", "units.give-up", "unit 17", f"power cycle {begun['id']} of ewelink:{PLUG}") in await site.journal()
    # Nobody is in the way of the next one.
    assert (await anna.post("/units/17/power-cycle", json={"confirm": True})).status_code == 202
    assert (await anna.post(path, json={"confirm": True})).json()["code"] == "not-stuck"


async def test_a_unit_that_is_down_has_no_calls(site: Site, anna: httpx.AsyncClient) -> None:
    await anna.put("/units/17", json={"parameter_option_2": False})
    await site.looks("17", UP, DEAD)
    site.probe.counted = UnitSilent("unit 17 does not answer")
    assert (await anna.post("/units/17/power-cycle", json={})).status_code == 202


async def test_without_a_plug_or_under_the_red_switch_nothing_is_cut(site: Site, anna: httpx.AsyncClient) -> None:
    none = await anna.post("/units/2/power-cycle", json={"confirm": True})
    assert (none.status_code, none.json()["code"]) == (409, "nothing-to-cycle")
    assert (await anna.put("/policy", json={"stopped": True})).json()["stopped_by"] == "anna"
    stopped = await anna.post("/units/17/power-cycle", json={"confirm": True})
    assert (stopped.status_code, stopped.json()["code"]) == (409, "power-stopped")
    assert "anna" in stopped.json()["detail"]
    assert not await site.house.cycle_store().open()


async def test_a_pause_ends_and_says_so(site: Site, anna: httpx.AsyncClient) -> None:
    paused = (await anna.post("/units/17/pause", json={"minutes": 30, "reason": "new roof"})).json()
    assert (paused["paused_until"], paused["paused_by"]) == ("2026-11-24T12:30:00Z", "anna")
    await site.house.watching().reload()
    await site.looks("17", UP, UP, DEAD, DEAD, DEAD)
    why = (await anna.get("/units/17/why")).json()
    assert (why["gate"], why["events"][0]["extra_info"]["gate"]) == ("paused", "paused")
    assert "it is paused" in why["sentence"]
    assert (await anna.delete("/units/17/pause")).json()["paused_until"] is None
    rows = (await anna.get("/units/17/history?hours=2")).json()
    assert {"pause", "resume"} <= {row["action_type"] for row in rows}
    [row] = [row for row in rows if row["action_type"] == "pause"]
    assert (row["extra_info"]["reason"], row["extra_info"]["by"]) == ("new roof", "anna")
    late = (site.clock.at + timedelta(days=32)).isoformat()
    wrong: tuple[dict[str, object], ...] = (
        {},
        {"minutes": 0},
        {"until": "2026-11-24T11:00:00Z"},
        {"until": late},
        {"until": "2026-11-24T13:00:00"},
    )
    for body in wrong:
        assert (await anna.post("/units/17/pause", json=body)).status_code == 422, body


async def test_why_names_the_gate_and_when_it_opens(site: Site, anna: httpx.AsyncClient) -> None:
    assert (await anna.get("/units/2/why")).json()["sentence"] == "Unit 2 was not looked at yet."
    await site.looks("2", UP, DEAD, DEAD, DEAD)
    why = (await anna.get("/units/2/why")).json()
    assert (why["gate"], why["next_possible_at"]) == ("not_enabled", None)
    assert [row["action_type"] for row in why["events"]] == ["suppress"]
    await site.looks("17", UP, UP, LOCKED)
    locked = (await anna.get("/units/17")).json()
    assert (locked["outcome"], locked["last_status"], locked["failure_counter"]) == ("unknown", "online", 0)
    assert "cannot be seen (it does not take the password)" in locked["why"]
    await site.looks("17", UP, DEAD, DEAD, DEAD)
    assert "was cut in this outage already" in (await anna.get("/units/17/why")).json()["sentence"]


async def test_rearming_forgets_what_was_tried_and_is_written_down(site: Site, anna: httpx.AsyncClient) -> None:
    await site.looks("17", UP, UP, DEAD, DEAD, DEAD)
    assert (await anna.post("/units/17/rearm")).status_code == 204
    after = (await anna.get("/units/17")).json()
    assert after["ewelink_action_done"] is False
    assert (await anna.get("/units/17/history?action_type=rearm")).json()[0]["extra_info"] == {"by": "anna"}
    assert ("anna", "units.rearm", "unit 17", "") in await site.journal()


async def test_the_red_switch_is_kept_from_being_set_blindly(anna: httpx.AsyncClient) -> None:
    shown = await anna.get("/policy")
    assert shown.json() == {"stopped": False, "stopped_by": None, "stopped_at": None, "dry_run": False, "revision": 1}
    on = await anna.put("/policy", json={"stopped": True, "dry_run": True}, headers={"if-match": shown.headers["etag"]})
    assert (on.json()["stopped"], on.json()["dry_run"], on.headers["etag"]) == (True, True, '"2"')
    stale = await anna.put("/policy", json={"stopped": False}, headers={"if-match": '"1"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "stale")
    assert (await anna.get("/policy")).json()["stopped"] is True
    off = (await anna.put("/policy", json={"stopped": False})).json()
    assert (off["stopped"], off["stopped_by"], off["stopped_at"], off["dry_run"]) == (False, None, None, True)


async def test_binding_looks_at_the_plug_and_switches_nothing(site: Site, anna: httpx.AsyncClient) -> None:
    site.plugs.seen = PlugState(False, False, "Old one", "BASICR2", startup=Startup.OFF)
    body = {"kind": "ewelink", "device_id": "1000011002"}
    looked = await anna.put("/units/2/plug?dry_run=true", json=body)
    told = looked.json()
    assert (looked.status_code, told["name"], told["online"], told["on"]) == (200, "Old one", False, False)
    assert (told["startup"], told["channels"], told["plug"]["device_id"]) == ("off", 0, "1000011002")
    assert [word in " ".join(told["warnings"]) for word in ("Wi-Fi", "not connected", "off now", "stay off")] == [
        True
    ] * 4
    assert (await anna.get("/units/2")).json()["plug"] is None
    assert (await anna.put("/units/2/plug", json=body)).status_code == 200
    assert (await anna.get("/units/2")).json()["plug"] == {**body, "outlet": None}
    assert (await anna.delete("/units/2/plug")).status_code == 204
    assert (await anna.get("/units/2")).json()["plug"] is None
    assert site.plugs.orders == []
    assert [entry[1] for entry in await site.journal() if entry[2] == "unit 2"][-2:] == ["units.bind", "units.unbind"]


async def test_what_cannot_be_bound_is_refused(site: Site, anna: httpx.AsyncClient) -> None:
    for outlet in (None, 0):
        taken = await anna.put("/units/2/plug", json={"kind": "ewelink", "device_id": PLUG, "outlet": outlet})
        assert (taken.status_code, taken.json()["code"]) == (409, "plug-taken"), outlet
    site.plugs.seen = PlugState(True, True, pulse=True)
    pulse = await anna.put("/units/2/plug", json={"device_id": "1000011002"})
    assert (pulse.status_code, [one["field"] for one in pulse.json()["errors"]]) == (422, ["device_id"])
    site.plugs.seen = PlugOffline("it is not connected")
    assert (await anna.put("/units/2/plug", json={"device_id": "1000011002"})).status_code == 504
    site.plugs.seen = UnknownPlug("the cloud account has no plug 1000011002")
    assert (await anna.put("/units/2/plug", json={"device_id": "1000011002"})).status_code == 404
    before = len(site.plugs.asked)
    for body in (
        {"device_id": "12345"}, {"device_id": "a/b?c=d#e."}, {"kind": "goip", "device_id": PLUG},
        {"device_id": PLUG, "outlet": 64}, {"device_id": PLUG, "outlet": "0"}, {"device_id": PLUG, "x": 1},
        {"kind": "shelly", "device_id": "a b"}, {"kind": "shelly", "device_id": "192.0.2.9:0"}, {},
        {"kind": "shelly", "device_id": "user@192.0.2.9"}, {"kind": "shelly", "device_id": "192.0.2.9/x"},
    ):  # fmt: skip
        assert (await anna.put("/units/2/plug", json=body)).status_code == 422, body
    assert len(site.plugs.asked) == before, "nothing that is wrong is asked for"
    assert (await anna.get("/units/2")).json()["plug"] is None
