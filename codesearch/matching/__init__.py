"""Matching heads: a query and a function in, a score out."""
