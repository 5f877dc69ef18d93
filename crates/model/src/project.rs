//! What a hub is told of a project, and what it answers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Line, Service};

/// A project that is to run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewProject {
    /// The path of its `navyd.toml` or `Procfile`, from the root of the file system.
    pub file: String,
    /// What stands in it.
    pub text: String,
    /// The services that are to run, with what they need; all when it is empty.
    pub services: Vec<String>,
    /// The environment of whoever asks, which the services have as well. A project that runs keeps the one it has.
    pub environment: BTreeMap<String, String>,
}

/// A project as it stands: `navyd.project/1`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProjectState {
    /// The directory of its file: what tells it from others.
    pub root: String,
    /// Its name, as in host names.
    pub name: String,
    /// Its file.
    pub file: String,
    /// What is wrong in the file since it was changed; the services run as it was before.
    pub mistake: Option<String>,
    /// What a person should know, such as a name that another has.
    pub notes: Vec<String>,
    /// The services that were asked for.
    pub services: Vec<Service>,
}

/// Every project that runs: `navyd.projects/1`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProjectList {
    /// In the order of their directories, each with all of its services.
    pub projects: Vec<ProjectState>,
}

/// Services that are to end, of one project.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Stopped {
    /// Their names; all of the project when it is empty.
    pub services: Vec<String>,
}

/// What services said, in the order in which it was read: `navyd.log/1`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Lines {
    /// The last lines that are in memory.
    pub lines: Vec<Line>,
}

/// What is written into the standard input of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewInput {
    /// The text, with the end of its line.
    pub text: String,
}

/// Whether a service took what was written: `navyd.input/1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Taken {
    /// Whether it runs, and reads.
    pub taken: bool,
}
