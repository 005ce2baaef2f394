//! The time and chance that requests see.

use uuid::Uuid;

/// Now, as Kubernetes writes it.
pub(crate) fn now() -> String {
    crate::draft::time(jiff::Timestamp::now())
}

/// A fresh uid.
pub(crate) fn uid() -> String {
    Uuid::new_v4().to_string()
}

/// Any number.
pub(crate) fn random() -> u64 {
    Uuid::new_v4().as_u64_pair().0
}

/// A number from 0 to 1, to spread what would else happen at once.
pub(crate) fn fraction() -> f64 {
    // The lower half: the upper has the fixed bits of a uid's version.
    let (_, random) = Uuid::new_v4().as_u64_pair();
    let [.., a, b, c, d] = random.to_be_bytes();
    f64::from(u32::from_be_bytes([a, b, c, d])) / f64::from(u32::MAX)
}
