"""Who may do what: roles, the table of who has which, and the check that stands before every action that writes."""
