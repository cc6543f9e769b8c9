"""Models of users: trained elsewhere, and added to the home as a Keras file."""
