"""The Hub: what is published there, and what is read from there; datasets and models alike."""
