"""A run's steps: what each Lambda of the state machines does, once its event is parsed. Every step can be run again."""
