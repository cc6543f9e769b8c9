"""Exporters: finished runs for MLflow and TensorBoard, one file per tool."""
