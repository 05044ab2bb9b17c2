"""What the platform promises is asserted somewhere: take a safeguard away, and a test turns red."""
