"""What every command shares: the options that may stand before or after its name, and groups that load late."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import attrs
import click

from ...ports.errors import LinemanError
from ...ports.secrets import Secret
from ...settings import Settings
from .errors import report


@attrs.frozen
class Frame:
    """How one command was called."""

    json: bool = False
    url: str | None = None
    token: Secret | None = None
    database: str | None = None
    debug: bool = False
    no_color: bool = False

    def settings(self) -> Settings:
        """The settings of the deployment, with what the command line says in their place.

        ``--database`` on the command line wins over a URL of the environment.

        Raises:
            BadSetting: A setting is not valid.
        """
        if self.url and self.database:
            raise click.UsageError("--url and --database exclude each other: a service knows its own database")
        settings = Settings.read()
        if self.database:
            settings = attrs.evolve(settings, database=self.database, url=None)
        return attrs.evolve(settings, url=self.url or settings.url, token=self.token or settings.token)


def frame() -> Frame:
    """How the running command was called."""
    found = click.get_current_context().find_root().obj
    return found if isinstance(found, Frame) else Frame()


def _remember(context: click.Context, option: click.Parameter, value: Any) -> None:
    if context.get_parameter_source(str(option.name)) is not click.core.ParameterSource.COMMANDLINE:
        return
    root = context.find_root()
    root.obj = attrs.evolve(root.obj or Frame(), **{str(option.name): value})


def _secret(context: click.Context, option: click.Parameter, value: str | None) -> None:
    _remember(context, option, None if value is None else Secret(value))


def _everywhere() -> list[click.Parameter]:
    """The options of every command, as fresh objects."""
    flag: dict[str, Any] = {"is_flag": True, "expose_value": False, "callback": _remember}
    text: dict[str, Any] = {"expose_value": False, "callback": _remember}
    return [
        click.Option(["--json"], help="Print what the API answers, as JSON.", **flag),
        click.Option(["--database"], metavar="URL", help="sqlite:///PATH or postgresql://… [LINEMAN_DATABASE]", **text),
        click.Option(
            ["--url"], metavar="URL", help="Talk to a running service instead of a database. [LINEMAN_URL]", **text
        ),
        click.Option(
            ["--token"],
            help="Act with this token. Other users of this host can see arguments: better set LINEMAN_TOKEN.",
            **(text | {"callback": _secret}),
        ),
        click.Option(["--no-color"], help="Print no colours. [NO_COLOR]", **flag),
        click.Option(["--debug"], help="Show the traceback of an error.", **flag),
    ]


class _Shared(click.Command):
    """A command that takes the options of every command as well as its own."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.everywhere = _everywhere()

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        own = super().get_params(ctx)
        taken = {name for param in own for name in param.opts}
        return [*own, *(option for option in self.everywhere if taken.isdisjoint(option.opts))]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        records = {id(param): param.get_help_record(ctx) for param in self.get_params(ctx)}
        shared = [row for option in self.everywhere if (row := records.pop(id(option), None))]
        arguments = {id(param) for param in self.params if isinstance(param, click.Argument)}
        own = [row for key, row in records.items() if row and key not in arguments]
        for title, rows in (("Options", own), ("Options of every command", shared)):
            with formatter.section(title):
                formatter.write_dl(rows)


class Command(_Shared):
    """One command."""


class Group(_Shared, click.Group):
    """Commands under one name; those in ``late`` are imported only when they are called.

    ``late`` maps a name to ``module:attribute`` below this package and a short help.
    """

    command_class = Command

    def __init__(self, *args: Any, late: Mapping[str, tuple[str, str]] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.late = dict(late or {})

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*self.commands, *(name for name in self.late if name not in self.commands)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in self.commands or cmd_name not in self.late:
            return super().get_command(ctx, cmd_name)
        module, _, attribute = self.late[cmd_name][0].partition(":")
        command = getattr(import_module(f".{module}", __package__), attribute)
        self.add_command(command, cmd_name)
        return super().get_command(ctx, cmd_name)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_options(ctx, formatter)
        self.format_commands(ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows = []
        for name in self.list_commands(ctx):
            if name in self.late:
                rows.append((name, self.late[name][1]))
            elif not self.commands[name].hidden:
                rows.append((name, self.commands[name].get_short_help_str(formatter.width)))
        with formatter.section("Commands"):
            formatter.write_dl(rows)


class Root(Group):
    """The command ``lineman`` itself: it turns errors into one line and an exit code."""

    group_class = Group

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (LinemanError, BaseExceptionGroup, KeyboardInterrupt, click.Abort, OSError) as error:
            ctx.exit(report(error, debug=bool(ctx.obj and ctx.obj.debug)))
