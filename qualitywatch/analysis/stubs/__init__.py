"""Bodies that do nothing: what they are, what they admit, who is excused."""
