"""Fan-out: one question asked for each of many, a bounded number at a time; knows no request."""
