"""Engines of our own small networks and statistics: CPU, offline, weights in the repository."""
