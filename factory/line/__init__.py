"""The line: its stages, run in order, each when what it reads has changed."""
