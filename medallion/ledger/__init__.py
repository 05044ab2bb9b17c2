"""What became of every record: counts by outcome, and the judgement over them."""
