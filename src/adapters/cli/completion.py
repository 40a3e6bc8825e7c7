"""``lineman completion``: words completed by the shell."""

import click

from .frame import Command

#: Where each shell wants the script.
PLACES = {
    "bash": 'eval "$(lineman completion bash)"     # in ~/.bashrc',
    "zsh": 'eval "$(lineman completion zsh)"      # in ~/.zshrc',
    "fish": "lineman completion fish > ~/.config/fish/completions/lineman.fish",
}


@click.command(cls=Command, epilog="\b\n" + "\n".join(PLACES.values()))
@click.argument("shell", type=click.Choice(list(PLACES)))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script that completes commands, options, miners and containers in SHELL."""
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    if found is None:
        raise click.UsageError(f"click knows no completion for {shell}")
    click.echo(found(context.find_root().command, {}, "lineman", "_LINEMAN_COMPLETE").source())
