"""A fan-out over the workers of an executor: processes, of this machine or of others."""
