//! A span of time as people type it: the same in arguments as in `navyd.toml`.

pub(crate) use navyd_model::config::parse_time as parse;
