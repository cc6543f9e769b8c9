"""The advisor: decides within a time budget which of many candidates to use."""
