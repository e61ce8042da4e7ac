"""A server under readers and editors for a long time: nothing grows, nothing fails, no wrong byte."""
