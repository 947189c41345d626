"""The commands of ``python -m editing``, one module each; what they share is beside them."""
