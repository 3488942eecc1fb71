"""Search for procedures in citizens' own words: lexical and dense side by side, then a decision."""
