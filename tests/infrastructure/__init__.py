"""What the synthesized templates hold; nothing here needs an account, Docker or the network."""
