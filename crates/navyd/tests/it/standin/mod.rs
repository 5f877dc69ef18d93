//! Stand-ins as people start them: ready, logged, named, and gone when they should be.

mod browser;
mod drive;
mod echo;
mod files;
mod ftps;
mod hard;
mod life;
mod mail;
mod named;
mod nginx;
mod reach;
mod seen;
mod suites;
mod support;
