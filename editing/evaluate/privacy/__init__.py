"""How well faces are protected by whatever made the edited photos or video: this program or any other.

After Bursic et al., "A Quantitative Evaluation Framework of Video De-Identification Methods", ICPR
2020: identity, expression and photo-reality are told side by side, because each alone is easy.
"""
