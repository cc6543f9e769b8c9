"""Access control: roles, the table of users and roles, and the permission check of every action that writes."""
