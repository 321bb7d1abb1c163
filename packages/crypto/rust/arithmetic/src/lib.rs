//! What takes the time: the algorithms of the one suite, as OpenMLS asks for them, and those of account keys.
//!
//! The crates are generic and are compiled where they are called: here, for speed, while all the rest is
//! built for size. Algorithms of other suites are refused, and so are not in the binary at all.

pub mod account;
mod hpke;
mod suite;
mod x_wing;

pub use suite::Arithmetic;
