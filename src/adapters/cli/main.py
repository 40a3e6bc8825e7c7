"""The command ``lineman``."""


def main() -> None:
    """Run the command line."""
