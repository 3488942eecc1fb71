"""Rasa custom actions: thin glue from a dialogue turn to `knowledge` and `desk`."""
