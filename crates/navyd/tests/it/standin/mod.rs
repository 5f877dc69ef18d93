//! Stand-ins as people start them: ready, logged, named, and gone when they should be.

mod browser;
mod life;
mod nginx;
mod support;
