"""Repository to functions to SQLite and FAISS."""
