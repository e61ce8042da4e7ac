"""State folder, static tree and bucket of the version before the packages of today: nothing in them is lost."""
