//! The clock that OpenMLS reads in WebAssembly.
//!
//! It takes the place of the crate of the same name because OpenMLS checks the lifetime of an added key package
//! against the present whenever the commit is processed. A device that was away catches up on commits whose key
//! packages have expired meanwhile; it must judge them by the time at which they were accepted.

use std::cell::Cell;
use std::ops::{Add, Sub};
use std::time::Duration;

thread_local! {
    static STANDING_MS: Cell<Option<u64>> = const { Cell::new(None) };
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SystemTime(Duration);

pub const UNIX_EPOCH: SystemTime = SystemTime(Duration::ZERO);

impl SystemTime {
    pub const UNIX_EPOCH: Self = UNIX_EPOCH;

    pub fn now() -> Self {
        let now = STANDING_MS.get().unwrap_or_else(|| js_sys::Date::now() as u64);
        Self(Duration::from_millis(now))
    }

    /// Err when `earlier` is later, as the standard library has it.
    pub fn duration_since(&self, earlier: Self) -> Result<Duration, SystemTimeError> {
        self.0.checked_sub(earlier.0).ok_or(SystemTimeError)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SystemTimeError;

impl Add<Duration> for SystemTime {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration))
    }
}

impl Sub<Duration> for SystemTime {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(duration))
    }
}

/// Runs `work` with the clock standing at a time (milliseconds since 1970), or running when none is given.
pub fn at<T>(time_ms: Option<f64>, work: impl FnOnce() -> T) -> T {
    STANDING_MS.set(time_ms.map(|time| time.max(0.0) as u64));
    let result = work();
    STANDING_MS.set(None);
    result
}
