"""The API's authorizer."""
