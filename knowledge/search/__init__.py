"""Search for procedures in citizens' own words: lexical and dense side by side, then a decision."""

from knowledge.search.findings import Decision, Findings, Hit
from knowledge.search.searcher import Searcher

__all__ = ["Decision", "Findings", "Hit", "Searcher"]
