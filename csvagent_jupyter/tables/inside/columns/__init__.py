"""Texts to values: what the cells of each column are, and their conversion."""
