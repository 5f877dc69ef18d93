//! Stand-ins as people start them: ready, logged, named, and gone when they should be.

mod life;
mod support;
