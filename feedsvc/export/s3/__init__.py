"""A publication as objects in a bucket of S3 or a compatible storage.

In come a publication and a bucket's address; the objects that changed are put with their headers. Only `cli` uses this package.
"""
