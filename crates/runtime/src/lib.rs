//! What every role shares.
