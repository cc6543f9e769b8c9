"""Tests in the order of the packages of core; tests/support contains what they share."""
