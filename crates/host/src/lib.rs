//! The eyes of navyd: what this machine's kernel and processes tell about its localhost.
//!
//! Synchronous; reads, and never forwards. It never listens either, save that the doctor does for the moment of
//! connecting to itself. What it cannot see it returns as unknown, with the reason. Deliberately absent: anything that prints, and any decision about what to show.
//!
//! # Layout
//! - [`audit`]: what is dangerous about them, and what mends it
//! - [`doctor`]: why localhost itself does not work
//! - [`listeners`]: the picture, sockets joined with their holders
//! - [`free`]: giving a port back
//! - [`bind`]: a real bind, closed at once
//! - [`kernel`]: sockets, limits and namespaces; the one place that speaks to an operating system
//! - [`port`]: a port that can be bound
//! - [`probe`]: what a listener speaks
//! - [`process`]: who holds a socket, and where that process came from
//! - [`scan`]: which ports answer, and whether the kernel agrees
//! - [`wait`]: until something is ready, or gone
//! - [`why`]: why an address can or cannot be bound and reached
#![deny(unsafe_code)]

pub mod audit;
pub mod bind;
pub mod doctor;
pub mod free;
pub mod kernel;
pub mod listeners;
pub mod port;
pub mod probe;
pub mod process;
pub mod scan;
pub mod wait;
pub mod why;
