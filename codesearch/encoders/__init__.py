"""Encoders: code and text into one vector space."""
