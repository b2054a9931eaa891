"""Remarks that stand for code: how they are worded, and where they stand."""
