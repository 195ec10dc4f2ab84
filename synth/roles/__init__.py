"""The roles of synthesis, one file each: the contract, the rules, the acceptance check."""
