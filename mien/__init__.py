"""Mien from outside: ``mien.client`` talks to a running Mien and needs none of its other parts."""
