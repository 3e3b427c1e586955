"""The line: from a recipe to a dataset version and a distilled student."""

__version__ = "0.1.0"
