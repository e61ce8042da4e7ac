"""What helps editors beside publishing: ids written in, what subscribers will feel, new files."""
