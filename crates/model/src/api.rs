//! The documents that `--json` prints. A field once shipped is never renamed within a schema number.

use serde::{Deserialize, Serialize};

/// A document: its schema first, then its fields.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Document<T> {
    /// `navyd.<noun>/1`.
    pub schema: String,
    /// The answer.
    #[serde(flatten)]
    pub body: T,
}

impl<T> Document<T> {
    /// Puts `navyd.<noun>/1` before the answer.
    pub fn new(noun: &str, body: T) -> Self {
        Self { schema: format!("navyd.{noun}/1"), body }
    }
}
