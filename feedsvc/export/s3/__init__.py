"""A publication as objects in a bucket of S3 or its like.

In come a publication and a bucket's address; out come objects that changed, with their headers. Only the command line uses it.
"""
