# Nothing of it matters to this check.
