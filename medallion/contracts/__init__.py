"""Data contracts: ODCS 3.1 documents, loaded, validated and normalised to what the plan compiles."""

from medallion.contracts.load import load_contract, parse_contract

__all__ = ["load_contract", "parse_contract"]
