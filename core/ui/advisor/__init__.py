"""The Advisor page."""
