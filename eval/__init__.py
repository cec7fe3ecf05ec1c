"""Benchmarks of retrieval models and of search configurations."""
