"""A folder that changes while it is served."""
