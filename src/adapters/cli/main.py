"""The command ``lineman``: a table of commands, each imported only when it is called."""

import click

from ... import __version__
from .frame import Root

COMMANDS = {
    "serve": ("serve:serve", "Run the service: the API, the pages and the work."),
    "demo": ("demo:demo", "Try it: a town of simulated devices, the service and its pages."),
    "simulate": ("simulate:simulate", "Run simulated devices that speak the real wire."),
    "miners": ("miners:miners", "List, change, poll and watch miners."),
    "gateways": ("gateways:gateways", "List, change, scan, watch and reboot GSM gateways."),
    "units": ("units:units", "List, change, watch and power-cycle Asterisk units."),
    "power": ("power:power", "See and switch the plugs of units, and look after their cloud account."),
    "containers": ("containers:containers", "List and change containers, and see their totals."),
    "enterprises": ("enterprises:enterprises", "List and change the tenants whose devices these are."),
    "stats": ("insights:stats", "Compare miners and containers, rank them, see how figures are spread."),
    "report": ("reports:report", "Reports for accounts: energy, mean rate and uptime by period."),
    "overview": ("statistics:overview", "Show the totals of everything now."),
    "alerts": ("alerts:alerts", "See what is wrong, look after it, and set rules, channels and maintenance."),
    "users": ("users:users", "Who can log in."),
    "token": ("tokens:token", "Keys for scripts."),
    "db": ("database:db", "Look after the database: status, migrate, backup, copy, keys."),
    "journal": ("journal:journal", "Show who did what."),
    "health": ("journal:health", "Show whether the service or the database is well."),
    "settings": ("settings:settings", "List all settings, their values and their names in the environment."),
    "completion": ("completion:completion", "Print the script that completes words in your shell."),
}


@click.command("lineman", cls=Root, late=COMMANDS, context_settings={"max_content_width": 110})
@click.version_option(__version__, prog_name="lineman", message="%(prog)s %(version)s")
def cli() -> None:
    """Keep field devices on the line.

    Commands open the database themselves, as the local administrator; with
    --url they talk to a running service. Both ways answer the same.
    """


def main() -> None:
    """Run the command line."""
    cli(prog_name="lineman")
