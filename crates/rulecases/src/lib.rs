//! rulecases
