"""The catalogue: text, places, procedures, importers, versions, search, answer facts.

Imports nothing, so that Rasa's environment can import `knowledge.text` alone.
"""
