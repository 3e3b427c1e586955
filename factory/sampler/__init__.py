"""Who gets the next draw, and what comes of it."""
