"""Many runs as one: a list of jobs, a ledger of what became of them, and who works them off."""
