//! Java: the keystore `cacerts` of each Java that this user would start.
//!
//! Those that `JAVA_HOME` and `PATH` name. A keystore below `/etc` is the system's, made from its own store; what is
//! installed there is there already.

use std::path::{Path, PathBuf};

use crate::trust::{
    machine::{Machine, System},
    root::Root,
    run::Call,
    step::Step,
    store::{Held, Here, Place, Store},
};

pub(super) struct Java;

/// Where the keystore is below the home of a Java; the second is of Java 8.
const BELOW: [&str; 2] = ["lib/security/cacerts", "jre/lib/security/cacerts"];
/// The password of every `cacerts`. It keeps nobody out: it is in Java's manual.
const PASSWORD: &str = "changeit";

impl Store for Java {
    fn name(&self) -> &'static str {
        "java"
    }

    fn readers(&self) -> &'static str {
        "Java, Kotlin, Scala; Gradle and Maven"
    }

    fn here(&self, machine: &dyn Machine) -> Here {
        let found = keystores(machine);
        if found.is_empty() {
            return Here::Absent("there is no Java");
        }
        let own: Vec<PathBuf> = found.into_iter().filter(|path| !path.starts_with("/etc")).collect();
        if own.is_empty() {
            return Here::Absent("its keystore is made from the system's store");
        }
        if tool(machine).is_none() {
            let why = "`keytool` is not there".to_owned();
            return Here::Unable { why, hint: "set JAVA_HOME to a Java with bin/keytool".into() };
        }
        let place = |path: PathBuf| Place { writable: machine.may_write(&path), path };
        Here::Places(own.into_iter().map(place).collect())
    }

    fn holds(&self, machine: &dyn Machine, place: &Path, root: &Root) -> Held {
        let Some(call) = call(machine, place, root, &["-exportcert", "-rfc"]) else { return Held::Unknown };
        match machine.run(&call) {
            Ok(ran) if ran.success && root.is_in(&ran.stdout) => Held::Yes,
            Ok(ran) if ran.success => Held::No,
            // It says so on standard output, and fails.
            Ok(ran) if ran.stdout.contains("does not exist") => Held::No,
            _ => Held::Unknown,
        }
    }

    fn install(&self, machine: &dyn Machine, place: &Path, root: &Root) -> Vec<Step> {
        let call = call(machine, place, root, &["-importcert", "-noprompt"]);
        call.map(|call| Step::Run(call.reading(root.pem()))).into_iter().collect()
    }

    fn uninstall(&self, machine: &dyn Machine, place: &Path, root: &Root) -> Vec<Step> {
        call(machine, place, root, &["-delete"]).map(Step::Run).into_iter().collect()
    }
}

fn call(machine: &dyn Machine, place: &Path, root: &Root, verb: &[&str]) -> Option<Call> {
    let mut call = Call::new(tool(machine)?, verb.iter().copied());
    call.args.extend(["-keystore".into(), place.into(), "-storepass".into(), PASSWORD.into()]);
    call.args.extend(["-alias", root.name(), "-J-Duser.language=en"].map(Into::into));
    Some(call)
}

fn keystores(machine: &dyn Machine) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for home in homes(machine) {
        let below = BELOW.iter().map(|below| home.join(below)).find(|path| machine.exists(path));
        if let Some(real) = below.and_then(|path| machine.real(&path))
            && !found.contains(&real)
        {
            found.push(real);
        }
    }
    found
}

/// The homes of the Javas: `java` stands in `bin` below one.
fn homes(machine: &dyn Machine) -> Vec<PathBuf> {
    let named = machine.variable("JAVA_HOME").map(PathBuf::from);
    let started = machine.program("java").and_then(|java| machine.real(&java));
    let started = started.and_then(|java| Some(java.parent()?.parent()?.to_owned()));
    named.into_iter().chain(started).collect()
}

fn tool(machine: &dyn Machine) -> Option<PathBuf> {
    let name = if machine.system() == System::Windows { "keytool.exe" } else { "keytool" };
    let own = homes(machine).into_iter().map(|home| home.join("bin").join(name));
    own.into_iter().find(|path| machine.exists(path)).or_else(|| machine.program("keytool"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trust::{
        run::Ran,
        scene::{Scene, root},
    };

    #[test]
    fn both_javas_are_found_once() {
        let scene = Scene::new()
            .variable("JAVA_HOME", "/opt/jdk8")
            .file("/opt/jdk8/jre/lib/security/cacerts", "")
            .file("/opt/jdk8/bin/keytool", "")
            .link("/usr/bin/java", "/opt/jdk21/bin/java")
            .file("/opt/jdk21/bin/java", "")
            .file("/opt/jdk21/lib/security/cacerts", "");
        let Here::Places(places) = Java.here(&scene) else { panic!("two are there") };
        let paths: Vec<_> = places.iter().map(|place| place.path.to_str().unwrap()).collect();
        assert_eq!(paths, ["/opt/jdk8/jre/lib/security/cacerts", "/opt/jdk21/lib/security/cacerts"]);
    }

    #[test]
    fn the_keystore_of_the_system_is_left_to_its_store() {
        let scene = Scene::new()
            .file("/usr/lib/jvm/17/bin/java", "")
            .link("/usr/bin/java", "/usr/lib/jvm/17/bin/java")
            .file("/etc/ssl/certs/java/cacerts", "")
            .link("/usr/lib/jvm/17/lib/security/cacerts", "/etc/ssl/certs/java/cacerts");
        assert_eq!(Java.here(&scene), Here::Absent("its keystore is made from the system's store"));
        assert_eq!(Java.here(&Scene::new()), Here::Absent("there is no Java"));
    }

    #[test]
    fn the_keystore_is_asked() {
        let (root, place) = (root(), Path::new("/j/lib/security/cacerts"));
        let asked = format!(
            "/j/bin/keytool -exportcert -rfc -keystore /j/lib/security/cacerts -storepass changeit -alias {} -J-Duser.language=en",
            root.name()
        );
        let ran = |success, stdout: &str| Ran { success, stdout: stdout.into(), stderr: String::new() };
        for (answer, expected) in [
            (ran(true, &root.pem()), Held::Yes),
            (ran(false, "keytool error: java.lang.Exception: Alias <navyd-0> does not exist"), Held::No),
            (ran(false, "keytool error: keystore password was incorrect"), Held::Unknown),
        ] {
            let scene =
                Scene::new().variable("JAVA_HOME", "/j").file("/j/bin/keytool", "").answer(&asked, answer);
            assert_eq!(Java.holds(&scene, place, &root), expected);
        }
    }
}
