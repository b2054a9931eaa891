"""The command line: asks, calls one use case, prints; one file per command."""
