"""The driver of a board: needs numpy, and what its own board needs."""
