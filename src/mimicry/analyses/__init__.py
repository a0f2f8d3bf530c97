"""Questions to a whole study: groups, power, reliability, multiverse, prereg, agreement."""
