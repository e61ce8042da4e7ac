"""Soak test: a server under polling clients and editors for a long time does not grow, fail or send a wrong byte."""
