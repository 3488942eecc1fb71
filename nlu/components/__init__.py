"""Rasa graph components for Vietnamese: cleaning, codes, unreadable text, and reading a turn in its context."""
