"""`python -m qualitywatch`."""

from qualitywatch.cli.main import main

if __name__ == "__main__":
    main()
