//! What is reachable, what isolates it, and references that lead nowhere.
