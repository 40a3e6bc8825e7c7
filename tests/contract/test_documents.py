"""What the documents promise: the README's lines run, the reference is that of the code, no lock names a host."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lineman.adapters.devices.simulators.miners import SimulatedFarm

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.anyio


async def test_the_lines_of_the_readme_poll_a_subnet(capsys: pytest.CaptureFixture[str]) -> None:
    code = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    assert code
    async with SimulatedFarm({"m30s": 1, "s9": 1, "a1246": 1}, 3, seed=1) as farm:
        if {miner.port for miner in farm.miners} != {4028}:
            pytest.fail("port 4028 is taken on all of loopback: another farm runs on 0.0.0.0")
        subnet = f"{farm.miners[0].host.rpartition('.')[0]}.0/29"
        lines = code[1].replace("192.168.1.0/24", subnet).replace("anyio.run(main)", "")
        names: dict[str, Any] = {}
        exec(lines, names)
        await names["main"]()
    out = capsys.readouterr().out
    assert out.count("mining") == 3
    assert "Antminer S9" in out


def test_the_reference_is_that_of_the_code() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "reference.py", "--check"], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock", "package-lock.json"])
def test_no_lock_names_a_host(lock: str) -> None:
    assert "://" not in (ROOT / lock).read_text("utf-8")


def test_every_link_of_the_documents_leads_somewhere() -> None:
    for page in [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
