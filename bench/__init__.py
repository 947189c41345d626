"""What is measured against what: `python -m bench` writes the table of README.md."""
