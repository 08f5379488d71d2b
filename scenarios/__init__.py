"""The shipped scenarios and their small books, installed as ``relending_scenarios``: data only, no code."""
