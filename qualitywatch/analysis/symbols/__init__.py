"""Names that are gone, and who still uses them, here and in other files."""
