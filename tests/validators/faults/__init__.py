"""Planted faults: one edit each to a document of tests/validators/clean, and the rule of tests/validators that must object.

A row is (rule, what stands in the clean document, what to put in its place the first time it stands there).
"""
