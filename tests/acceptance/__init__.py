"""What takes minutes: the real app with IAM enforced, in situations that a tenant meets seldom. `make acceptance`."""
