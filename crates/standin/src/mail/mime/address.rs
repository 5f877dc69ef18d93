//! A person's address with the name beside it.

use serde::{Deserialize, Serialize};

/// An address of a head.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Address {
    /// The name; empty where there is none.
    pub name: String,
    /// The address, as it was written.
    pub address: String,
}

impl Address {
    /// An address without a name.
    #[must_use]
    pub fn bare(address: &str) -> Self {
        Self { name: String::new(), address: address.to_owned() }
    }

    /// As a person writes it: `Name <address>`.
    #[must_use]
    pub fn shown(&self) -> String {
        if self.name.is_empty() { self.address.clone() } else { format!("{} <{}>", self.name, self.address) }
    }
}

/// The addresses of a field, those of groups among them.
pub(super) fn list(field: Option<&mail_parser::Address<'_>>) -> Vec<Address> {
    let all = field.into_iter().flat_map(|addresses| addresses.iter());
    let owned = |text: Option<&str>| text.unwrap_or_default().to_owned();
    all.map(|one| Address { name: owned(one.name()), address: owned(one.address()) })
        .filter(|one| !one.address.is_empty() || !one.name.is_empty())
        .collect()
}
