//! The kinds of stores, a leaf for each.
//!
//! `anchors` and `nss` are what several leaves have in common. Deliberately absent: what a browser or language brings
//! in its own binary, which nobody can change.

mod anchors;
mod arch;
mod chromium;
mod debian;
mod fedora;
mod firefox;
mod java;
mod macos;
mod nixos;
mod nss;
mod suse;
mod windows;

use super::store::Store;

/// Every kind, in the order in which they are shown and changed: the system's first, because others read it.
pub const STORES: &[&dyn Store] = &[
    &debian::DEBIAN,
    &fedora::FEDORA,
    &arch::ARCH,
    &suse::SUSE,
    &nixos::NixOs,
    &macos::MacOs,
    &windows::Windows,
    &chromium::Chromium,
    &firefox::Firefox,
    &java::Java,
];
