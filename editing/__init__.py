"""Mien's editing library: photo in, edited photo and measurements out. Knows nothing of Django."""

import os

# Threads of torch that wait for work are to sleep. As they come they spin, and take the core from
# whoever else edits on this machine. It is read once, when torch is imported.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

__version__ = "0.1.0"
