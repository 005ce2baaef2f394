//! The clauses of an `Accept` header.
