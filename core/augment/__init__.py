"""Preprocessing and augmentation of images, shared by training, the dashboard and the tests."""
