"""Write docs/reference from the code: settings, commands, HTTP, reading, errors.

.venv/bin/python scripts/reference.py           write the pages
.venv/bin/python scripts/reference.py --check   fail if one of them is out of date
"""

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

import attrs
import click

from lineman.adapters.cli.errors import EXIT_CODES
from lineman.adapters.cli.main import cli
from lineman.adapters.http.problems import status_of
from lineman.ports import errors
from lineman.ports.miners import reading
from lineman.service import SYSTEMS
from lineman.settings import Settings, names

ROOT = Path(__file__).resolve().parents[1]

#: Whose errors people meet; those of adapters are caught on their way, or are no others to them.
HOMES = ("lineman.ports.", "lineman.core.")
MADE = "<!-- Made from the code by `make reference`. -->\n"


def settings() -> Iterator[str]:
    yield "# Settings\n"
    yield "The environment goes before a TOML file (`LINEMAN_CONFIG`, else `lineman.toml`), which goes before the default."
    yield "In the file a setting has its name below; `lineman settings` shows what is in force, with secrets as `set`.\n"
    yield "| setting | environment | default | meaning |\n| --- | --- | --- | --- |"
    for field in attrs.fields(Settings):
        default = "-" if field.default is None else f"`{field.default}`"
        known = ", ".join(f"`{name}`" for name in names(field))
        meaning = field.metadata["doc"]
        low, high, choices = (field.metadata[key] for key in ("low", "high", "choices"))
        if low is not None or high is not None:
            meaning += f" ({low:g} to {high:g})"
        if choices:
            meaning += f" ({', '.join(choices)})"
        yield f"| `{field.name}` | {known} | {default} | {meaning} |"


def commands() -> Iterator[str]:
    yield "# Commands\n"
    yield "Every command takes `--json`, `--database`, `--url`, `--token`, `--no-color` and `--debug`, before or after its name."
    codes = ", ".join(f"{code} {kind.__name__}" for kind, code in EXIT_CODES)
    yield f"Exit codes: 0 done, 1 anything else, {codes}, 130 Ctrl-C, 143 SIGTERM.\n"
    yield from _command(cli, "lineman", 2)


def _command(command: click.Command, path: str, level: int) -> Iterator[str]:
    with click.Context(command, info_name=path, max_content_width=100, terminal_width=100) as context:
        yield f"{'#' * level} `{path}`\n"
        yield inspect.cleandoc(command.help or "").replace("\b\n", "") + "\n"
        shared = {option for made in getattr(command, "everywhere", ()) for option in made.opts}
        rows = [
            record
            for param in command.get_params(context)
            if not shared.intersection(param.opts) and "--help" not in param.opts
            if (record := param.get_help_record(context))
        ]
        if rows:
            yield "\n".join(f"* `{name}` {text}".rstrip() for name, text in rows) + "\n"
        if isinstance(command, click.Group):
            for name in command.list_commands(context):
                found = command.get_command(context, name)
                if found is not None and not found.hidden:
                    yield from _command(found, f"{path} {name}", min(level + 1, 4))


def http() -> Iterator[str]:
    document = _document()
    yield "# HTTP\n"
    yield "`lineman serve` has each system under its name, as below; `lineman serve NAME` has the paths of one at the root, without"
    yield "that name. Log-in, users, tokens, enterprises, alerts, health and documents are at the root in both, and under each"
    yield "system too. In every process each system also stands under `/systems/NAME`."
    yield "The running service has the whole document at `/openapi.json`, to be tried at `/docs`.\n"
    yield "Lists are bare arrays with `X-Total-Count`; errors are `application/problem+json` (see [errors](errors.md)).\n"
    system, tag = None, None
    for path, operations in sorted(document["paths"].items(), key=_system_first):
        for method, spec in operations.items():
            if method == "parameters":
                continue
            of, here = _system_of(path), (spec.get("tags") or ["other"])[0]
            if of != system:
                system, tag = of, None
                alone = f" (alone on port {SYSTEMS[of]})" if of in SYSTEMS else ""
                yield f"\n## {f'`{of}`{alone}' if of in SYSTEMS else 'Everywhere'}"
            if here != tag:
                tag = here
                yield f"\n### {tag.capitalize()}\n\n| request | what | answers |\n| --- | --- | --- |"
            answers = ", ".join(status for status in spec["responses"] if status.isdecimal())
            yield f"| `{method.upper()} {path}` | {spec.get('summary', '')} | {answers} |"


def _system_of(path: str) -> str:
    first = path.split("/")[1]
    return first if first in SYSTEMS else ""


def _system_first(item: tuple[str, dict]) -> tuple[int, str, str]:
    path, operations = item
    system = _system_of(path)
    place = list(SYSTEMS).index(system) if system else len(SYSTEMS)
    tag = next((spec.get("tags") or ["other"])[0] for name, spec in operations.items() if name != "parameters")
    return place, tag, path


def _document() -> dict:
    import json
    import tempfile

    import anyio
    import httpx

    from lineman.service import opened_service

    async def ask() -> dict:
        with tempfile.TemporaryDirectory() as folder:
            async with opened_service(Settings(database=f"sqlite:///{folder}/x.db"), works=False) as service:
                transport = httpx.ASGITransport(service.application())
                async with httpx.AsyncClient(transport=transport, base_url="http://lineman") as client:
                    return json.loads((await client.get("/openapi.json")).content)

    return anyio.run(ask)


def nouns() -> Iterator[str]:
    yield "# Reading\n"
    yield _prose(reading.Reading)
    yield "Base units: H/s (Sol/s for equihash), W, °C, rpm, seconds. Times are UTC.\n"
    for noun in (reading.Reading, reading.Board, reading.Pool, reading.Shares):
        yield f"## {noun.__name__}\n"
        if noun is not reading.Reading:
            yield _prose(noun)
        yield "| field | type | meaning |\n| --- | --- | --- |"
        comments = _comments(noun)
        for field in attrs.fields(noun):
            kind = str(getattr(field.type, "__name__", field.type)) if isinstance(field.type, type) else str(field.type)
            kind = kind.replace("lineman.ports.miners.reading.", "").replace("datetime.", "").replace("|", "\\|")
            yield f"| `{field.name}` | {kind} | {comments.get(field.name, '')} |"
        yield ""
    for words in (reading.State, reading.PowerKind, reading.Maker):
        comments = _comments(words)
        yield f"## {words.__name__}\n"
        yield _prose(words)
        for word in words:
            told = comments.get(word.name, "")
            yield f"* `{word.value}`{': ' + told if told else ''}"
        yield ""


def _prose(noun: type) -> str:
    return inspect.cleandoc(noun.__doc__ or "").replace("``", "`") + "\n"


def _comments(noun: type) -> dict[str, str]:
    found: dict[str, str] = {}
    said: list[str] = []
    for line in inspect.getsource(noun).splitlines():
        text = line.strip()
        if text.startswith("#:"):
            said.append(text.removeprefix("#:").strip())
        elif said:
            name = text.split(":")[0].split("=")[0].strip()
            found[name] = " ".join(said).replace("``", "`").replace("|", "\\|")
            said = []
    return found


def failures() -> Iterator[str]:
    yield "# Errors\n"
    yield "One tree, by what the caller can do. HTTP answers `application/problem+json` with `title`, `status`, `detail`, `code` and, for"
    yield "what is invalid, `errors: [{field, message}]`; the command line prints one line and ends with the exit code.\n"
    yield "| code | title | status | exit | kind |\n| --- | --- | --- | --- | --- |"
    for leaf in sorted(_leaves(errors.LinemanError), key=lambda one: (status_of(one), one.__name__)):
        made = leaf.__new__(leaf)
        exit_code = next((code for kind, code in EXIT_CODES if issubclass(leaf, kind)), 1)
        kinds = [one.__name__ for one in leaf.__mro__[1:] if issubclass(one, errors.LinemanError)]
        yield f"| `{made.code}` | {made.title} | {status_of(leaf)} | {exit_code} | {kinds[0] if kinds else ''} |"


def _leaves(kind: type) -> set[type]:
    found = {kind}
    for child in kind.__subclasses__():
        found |= _leaves(child)
    return {one for one in found if one.__module__.startswith(HOMES) and not one.__name__.startswith("_")}


def main() -> None:
    pages = {"settings": settings, "commands": commands, "http": http, "reading": nouns, "errors": failures}
    stale = []
    for name, page in pages.items():
        path = ROOT / "docs" / "reference" / f"{name}.md"
        text = MADE + "\n".join(line.rstrip() for line in "\n".join(page()).splitlines()).rstrip() + "\n"
        if not path.exists() or path.read_text("utf-8") != text:
            stale.append(path.relative_to(ROOT))
            if "--check" not in sys.argv:
                path.write_text(text, "utf-8")
    if stale and "--check" in sys.argv:
        sys.exit(f"out of date, run `make reference`: {', '.join(map(str, stale))}")


if __name__ == "__main__":
    main()
