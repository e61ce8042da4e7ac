"""Planted faults: one edit each of a document in tests/validators/clean, and the rule of tests/validators that must report it.

A row is (rule, text of the clean document, replacement of its first occurrence).
"""
