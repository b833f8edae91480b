"""Figures of a model on its engines, as JSON, as a table and as an HTML page."""
