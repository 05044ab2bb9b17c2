"""Each IAM statement of the trial tenant's roles is taken away in turn: something that worked must stop working."""
