"""Pairs of text and code for training, collected from public repositories."""
