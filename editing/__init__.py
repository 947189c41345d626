"""Mien's editing library: photo in, edited photo and measurements out. Knows nothing of Django."""

__version__ = "0.1.0"
