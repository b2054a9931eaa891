"""`python -m qualitywatch`, and the entry point `qualitywatch`."""

from qualitywatch.loading import load


def main() -> None:
    """Run the command of the command line, and exit with its code."""
    load("qualitywatch.cli.main").main()


if __name__ == "__main__":
    main()
