"""Training of encoders and matching heads; needs torch."""
