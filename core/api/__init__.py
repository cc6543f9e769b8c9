"""What programs get from the dashboard over HTTP: runs, comparisons, published reports, health and metrics."""
