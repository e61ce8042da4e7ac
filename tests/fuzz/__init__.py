"""Coverage-guided fuzzing of the reader of content files."""
