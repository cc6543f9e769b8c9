"""HTTP API of the dashboard: runs, comparisons, published reports, health and metrics. Read-only."""
