//! The house of navyd: the daemon that owns routes and services, and joins eyes and hands.
//!
//! Deliberately absent: moving bytes, which is the gateway's, and reading the machine, which is the host's.
#![forbid(unsafe_code)]

pub mod places;
