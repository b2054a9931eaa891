"""Files become texts, comments and code lines, held to limits."""
