"""Tests in the order of the packages of core; tests/support holds what they share."""
