//! Findings made by hand, for the tests of this folder.

use navyd_model::{
    Project, ProjectKind, Protocol,
    finding::{Confidence, Finding, Keeper, Place, Severity},
};

/// What a check found at a program of a project.
pub(super) fn finding(id: &str, project: &str, program: &str, pid: u32, address: &str, port: u16) -> Finding {
    Finding {
        id: id.to_owned(),
        title: "every machine beside this one gets to it".to_owned(),
        severity: Severity::new(9.3),
        confidence: Confidence::Observed,
        listener: Some(Place {
            address: address.parse().ok(),
            port: Some(port),
            proto: Protocol::Tcp,
            path: None,
        }),
        holders: vec![Keeper {
            pid,
            name: program.to_owned(),
            user: Some("dev".to_owned()),
            framework: Some("Vite".to_owned()),
            cwd: Some(format!("/srv/{project}")),
        }],
        project: Some(Project {
            root: format!("/srv/{project}"),
            name: project.to_owned(),
            branch: Some("main".to_owned()),
            kind: ProjectKind::Git,
        }),
        evidence: format!("bound to {address}:{port}, and another network device is up"),
        fix: Some("vite --host 127.0.0.1".to_owned()),
        doc: format!("navyd audit explain {id}"),
    }
}
