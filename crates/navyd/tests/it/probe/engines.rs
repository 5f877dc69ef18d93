//! Container engines.

use super::{Server, check_as, free_port};
use crate::support::engine::Podman;

#[test]
fn podman_speaks_the_api_of_docker() {
    let Some(podman) = Podman::new("podman_speaks_the_api_of_docker") else { return };
    let port = free_port();
    let mut command = podman.told(std::process::Command::new("podman"));
    command.args(["--log-level", "info", "system", "service", "--time", "0"]);
    let _server = Server::start(command.arg(format!("tcp://127.0.0.1:{port}")), "API service listening");
    // Its answer to `/` has nothing of its own, so that only who knows the program asks further.
    check_as("podman system service", port, "Docker API", "version 1.");
    check_as("unknown", port, "HTTP/1.0", "status 404");
}
