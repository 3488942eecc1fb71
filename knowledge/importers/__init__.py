"""Readers of the formats in which procedures come; each gives the same records and the same report."""
