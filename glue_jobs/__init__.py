"""Jobs of the large lanes: each parses its arguments, takes a session, executes the plan and exits."""
