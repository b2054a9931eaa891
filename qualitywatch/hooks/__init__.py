"""Hooks: how git asks us, and what we answer."""
