"""Exports to MLflow and TensorBoard."""
