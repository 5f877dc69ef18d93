//! `localhost` here is that of the machine, and not that of a container, a namespace or Windows' subsystem.

use super::super::{Facts, Row, row::Verdict};

/// See the module.
pub(super) const ROW: Row = Row { id: "namespace", judge };

fn judge(facts: &Facts) -> Verdict {
    let around = &facts.around;
    if around.wsl {
        return Verdict::warn("this is WSL: localhost may not be that of Windows")
            .evidence("the kernel's version names its maker")
            .cause("with the network mode `nat`, Windows reaches servers here only where they are forwarded")
            .fix("wslinfo --networking-mode");
    }
    if let Some(engine) = &around.container {
        return Verdict::warn(format!("this is a container ({engine}): localhost is not the host's"))
            .cause("its servers are met from outside only where they listen on 0.0.0.0 and their port is published")
            .fix(format!("{} run -p 127.0.0.1:3000:3000 IMAGE", if engine == "podman" { "podman" } else { "docker" }));
    }
    match &around.same_network {
        Ok(true) => Verdict::ok("localhost is this machine's own"),
        Ok(false) => Verdict::warn("this is a network namespace: localhost is not the machine's")
            .evidence("pid 1 has another network")
            .cause("servers outside of it are not met here, and those here not outside")
            .fix("sudo nsenter --target 1 --net"),
        Err(why) => Verdict::unknown("whether this is the machine's own network", why),
    }
}

#[cfg(test)]
mod tests {
    use navyd_model::diagnosis::State;

    use super::*;
    use crate::doctor::Surroundings;

    #[test]
    fn whose_localhost_it_is() {
        let known = |engine: Option<&str>, wsl, same_network| Surroundings {
            container: engine.map(Into::into),
            wsl,
            same_network,
            ..Surroundings::unread("not read")
        };
        for (around, expected) in [
            (known(None, false, Ok(true)), State::Ok),
            (known(None, false, Ok(false)), State::Warn),
            (known(Some("docker"), false, Ok(true)), State::Warn),
            (known(None, true, Ok(true)), State::Warn),
            (known(None, false, Err("no /proc".into())), State::Unknown),
        ] {
            assert_eq!(judge(&Facts { around, ..Facts::unread() }).state, expected);
        }
    }
}
