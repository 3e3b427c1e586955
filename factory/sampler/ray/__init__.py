"""The same sampling on a Ray cluster."""
