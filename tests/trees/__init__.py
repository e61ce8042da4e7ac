"""Record of the static trees of two newsrooms, and the command that compares the trees of two versions of the program."""
