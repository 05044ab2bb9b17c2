"""Data contracts: ODCS 3.1 documents, loaded, validated and normalised to what the plan compiles."""
