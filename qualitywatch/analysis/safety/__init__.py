"""What opens a hole: lost access control, secrets, ways round this guard."""
