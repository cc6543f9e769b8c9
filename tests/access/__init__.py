"""Roles, logins and actions."""
