//! navyd: see, explain and free what listens on this machine.
fn main() {}
