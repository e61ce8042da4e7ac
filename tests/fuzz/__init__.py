"""The door by which files come in, tried by a fuzzer that watches which code each file reaches."""
