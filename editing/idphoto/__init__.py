"""A photo for a passport: cut to size from a normalised photo, on a plain background, and checked."""
