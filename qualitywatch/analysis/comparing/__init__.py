"""Two versions of one file: what was matched, moved and lost."""
