"""A publication as objects in a bucket of S3 or a compatible storage.

The input is a publication and a bucket's address. Changed objects are put with their headers. Only `cli` uses this package.
"""
