"""Diffusers pipelines that others made, from the hub or a local folder that a setting names."""
