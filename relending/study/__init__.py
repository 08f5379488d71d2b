"""Studies 研究: many runs of a scenario, or many random paths about one, compared."""
