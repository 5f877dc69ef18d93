//! The words of navyd.
//!
//! Types that every other room speaks: what a listener is, who holds it, what a person may type to name
//! one, and why it cannot be bound or reached. Deliberately absent: input and output, clocks, threads and
//! `unsafe`. What is unknown is `None`, which is `null` in JSON, and never a guess.
#![forbid(unsafe_code)]

pub mod api;
pub mod breakpoint;
pub mod capture;
pub mod config;
pub mod connection;
pub mod diagnosis;
pub mod event;
pub mod exchange;
pub mod fault;
pub mod filter;
pub mod finding;
pub mod free;
pub mod holder;
pub mod hub;
pub mod listener;
pub mod ports;
pub mod project;
pub mod route;
pub mod run;
pub mod service;
pub mod tap;
pub mod target;
pub mod text;
pub mod why;

pub use connection::Connection;
pub use diagnosis::Diagnosis;
pub use event::{Change, Event};
pub use finding::{Audit, Finding};
pub use holder::{Ancestor, Holder, Project, ProjectKind, RawText, Supervisor, SupervisorKind};
pub use listener::{
    Certainty, Exposure, Family, Listener, Names, Namespace, OwnerUnknown, Protocol, Queue, Speaks, State,
};
pub use route::{Entry, Route, RouteError, Scheme, Upstream};
pub use service::{Ended, Line, Phase, Runner, Service, Stream};
pub use target::{Target, TargetError};
pub use why::{BindAttempt, Cause, CauseId, ConnectAttempt, ConnectResult, Why};
