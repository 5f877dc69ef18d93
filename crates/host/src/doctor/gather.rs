//! Reads what the rows need. What cannot be read says why.

use super::Facts;
use crate::kernel;

/// Looks at this machine.
pub fn gather() -> Facts {
    Facts { interfaces: kernel::interfaces().map_err(|error| error.to_string()), limits: kernel::limits() }
}
