"""Contract → plan: SQL that gives every record its verdict. The only place where a rule's meaning stands."""
