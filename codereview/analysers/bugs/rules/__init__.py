"The rules, a module per theme. Each has its rules, the functions that look for them, and RULES and CHECKS."
