//! Whether somebody keeps the clock in time (adjtimex(2)): asked, never set.

use std::io;

use crate::kernel::Clock;

/// The clock as the kernel knows it.
///
/// # Errors
/// Where a sandbox refuses the call.
#[allow(unsafe_code)]
pub fn clock() -> io::Result<Clock> {
    // SAFETY: zeroes are a valid `timex`, whose fields are all integers. `modes` is 0, by which nothing is set, and the
    // kernel writes into the structure that the pointer leads to and nowhere else.
    let (state, told) = unsafe {
        let mut told: libc::timex = std::mem::zeroed();
        (libc::adjtimex(&raw mut told), told)
    };
    if state < 0 {
        return Err(io::Error::last_os_error());
    }
    let error_us = u64::try_from(told.maxerror).unwrap_or(0);
    Ok(Clock { kept: told.status & libc::STA_UNSYNC == 0, error_us })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_is_told_or_refused() {
        match clock() {
            // The kernel lets the error grow to 16 s, and then calls the clock unkept (NTP_PHASE_LIMIT).
            Ok(clock) => assert!(!clock.kept || clock.error_us <= 16_000_000, "{clock:?}"),
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::PermissionDenied, "{error}"),
        }
    }
}
