"""Custom datasets: adding, continuing and removing images of users."""
