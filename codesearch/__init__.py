"""Semantic code search on a laptop."""
