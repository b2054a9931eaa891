"""Texts that do not parse, and what a parser gets wrong."""
