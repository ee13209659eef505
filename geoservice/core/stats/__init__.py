"""Statistics of counts on cells and residences: one statistic a file, pure functions on arrays, seeds as parameters."""
