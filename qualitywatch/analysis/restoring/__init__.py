"""Lost code put back, exactly: the bytes of the base, and nothing else of the text."""
