"""Comments that let a violation be, and which of them count."""
