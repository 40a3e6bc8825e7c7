"""How long it takes to start: lineman beside a bare Starlette app, each in fresh processes, in turns.

    python benchmarks/start.py [--times 7]

Byte code is compiled once before (as installing a package does), in a folder
of its own, since it may be switched off here.  ``serve`` counts from the start
of the process to its first answer at /health, on a database that exists.
"""

import argparse
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

LINEMAN = (sys.executable, "-m", "lineman")
BARE = """
import sys, uvicorn
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

async def health(request):
    return Response(b"{}", media_type="application/json")

uvicorn.run(Starlette(routes=[Route("/health", health)]), port=int(sys.argv[1]), log_level="error")
"""
#: Seconds after which a start has failed.
PATIENCE = 60.0


def ended(command: Sequence[str], environ: Mapping[str, str]) -> float:
    """Seconds until the command has ended."""
    began = time.perf_counter()
    subprocess.run(command, env=environ, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def answered(command: Sequence[str], port: int, environ: Mapping[str, str]) -> float:
    """Seconds until it answers."""
    began = time.perf_counter()
    process = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while time.perf_counter() - began < PATIENCE:
            if process.poll() is not None:
                raise SystemExit(f"{' '.join(command[:4])} ended with {process.returncode}")
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=PATIENCE) as answer:
                    answer.read()
                return time.perf_counter() - began
            except urllib.error.HTTPError:
                return time.perf_counter() - began
            except OSError:
                time.sleep(0.005)
        raise SystemExit(f"no answer within {PATIENCE:g} s")
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=7)
    times = parser.parse_args().times
    with tempfile.TemporaryDirectory() as folder:
        environ = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"} | {
            "PYTHONPYCACHEPREFIX": str(Path(folder) / "pycache"),
            "LINEMAN_DATABASE": f"sqlite:///{folder}/lineman.db",
            "LINEMAN_LOG_LEVEL": "error",
        }
        found: dict[str, list[float]] = {"help": [], "serve": [], "bare": []}
        for turn in range(times + 1):
            seconds = {"help": ended((*LINEMAN, "--help"), environ)}
            port = free_port()
            seconds["serve"] = answered((*LINEMAN, "serve", "--port", str(port)), port, environ)
            port = free_port()
            seconds["bare"] = answered((sys.executable, "-c", BARE, str(port)), port, environ)
            # The first turn compiles, and makes the database.
            for name in found if turn else ():
                found[name].append(seconds[name])
    figures = {
        f"{name}_{what}_s": round(of(values), 2)
        for name, values in found.items()
        for what, of in (("min", min), ("median", statistics.median))
    }
    ratio = round(statistics.median(found["serve"]) / statistics.median(found["bare"]), 2)
    print(json.dumps({"benchmark": "start", "times": times, **figures, "serve_to_bare": ratio}))


if __name__ == "__main__":
    main()
