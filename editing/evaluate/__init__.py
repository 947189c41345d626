"""What an operation does to a folder of photos: tables, contact sheets, acceptance numbers."""
