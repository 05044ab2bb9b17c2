"""The domain of Medallion: one copy of every rule, shared by the Lambdas, the jobs, the stacks and the command."""
