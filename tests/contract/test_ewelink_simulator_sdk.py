"""The vendor's SDK, a client of other people, drives the simulated cloud; left out without --ewelink-sdk FOLDER."""

import asyncio
import json
import shutil
from pathlib import Path

import pytest

from lineman.adapters.devices.simulators.units import SimulatedPbxTown

pytestmark = pytest.mark.anyio

SCRIPT = """
import sdk from 'ewelink-api-next';
const [url, appId, appSecret, redirectUrl] = process.argv.slice(2);
const nobody = {info() {}, error() {}, warn() {}, debug() {}, log() {}};
const client = new sdk.WebAPI({appId, appSecret, region: 'eu', logObj: nobody});
const here = () => { client.endpoint = url; client.request.defaults.baseURL = url; };
client.setUrl = here;
here();
const grantType = 'authorization_code';
const address = client.oauth.createLoginUrl({redirectUrl, grantType, state: 'st-1'});
const page = new URL(url + '/oauth/index.html');
// It encodes no value of its address: a plus of the signature has to be saved.
for (const [, name, value] of address.matchAll(/[?&]([^=]+)=([^&]*)/g)) page.searchParams.set(name, value);
const shown = await fetch(page);
const yes = await fetch(url + '/oauth/authorise', {method: 'POST', body: page.searchParams, redirect: 'manual'});
const code = new URL(yes.headers.get('location')).searchParams.get('code');
const granted = await client.oauth.getToken({region: 'eu', redirectUrl, code, grantType});
client.at = granted.data.accessToken;
client.rt = granted.data.refreshToken;
const homes = (await client.home.getFamily({})).data.familyList;
const found = [];
for (const home of homes) {
    const list = await client.device.getAllThings({num: 0, familyId: home.id});
    found.push(...list.data.thingList.filter((one) => one.itemType === 1));
}
const id = found.find((one) => one.itemData.params.switch).itemData.deviceid;
const set = async (on) => (await client.device.setThingStatus({type: 1, id, params: {switch: on}})).error;
const off = await set('off');
const status = (await client.device.getThingStatus({type: 1, id, params: 'switch|startup'})).data.params;
const on = await set('on');
const refreshed = await client.user.refreshToken({rt: client.rt});
const after = (await client.home.getFamily({})).error;
const again = (await client.user.refreshToken({rt: granted.data.refreshToken})).error;
const errors = [granted.error, off, on, refreshed.error, after, again];
console.log(JSON.stringify({shown: shown.status, found: found.length, errors, status, id}));
"""


@pytest.fixture
def ewelink_sdk(request: pytest.FixtureRequest) -> Path:
    """Where the SDK is."""
    return Path(request.config.getoption("--ewelink-sdk"))


async def test_the_vendors_sdk_authorises_lists_switches_and_refreshes(ewelink_sdk: Path) -> None:
    node = shutil.which("node")
    assert node, "the SDK needs node"
    async with SimulatedPbxTown(8, homes=1) as town:
        known = town.cloud.application
        process = await asyncio.create_subprocess_exec(
            node, "--input-type=module", "-", town.cloud.url, known.app_id, known.secret, known.redirect_url,
            cwd=ewelink_sdk, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, _ = await asyncio.wait_for(process.communicate(SCRIPT.encode()), 60)
        told = json.loads(out)
        assert (told["shown"], told["found"], told["errors"]) == (200, 8, [0, 0, 0, 0, 0, 405])
        assert told["status"] == {"switch": "off", "startup": "on"}
        assert [order.on for order in town.cloud.plugs[told["id"]].relay.orders] == [False, True]
