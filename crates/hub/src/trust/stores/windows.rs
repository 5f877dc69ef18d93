//! Windows: the user's root store, which Edge, Chrome and all that uses the system's TLS read.
//!
//! Through PowerShell, whose script is read and not a file, so that it works from within WSL as it does on Windows
//! itself. The system asks a person before it trusts or forgets a root. Not tried on a Windows here.

use std::path::{Path, PathBuf};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::trust::{
    machine::{Machine, System},
    root::Root,
    run::Call,
    step::Step,
    store::{Held, Here, Place, Store},
};

pub(super) struct Windows;

/// What the store is called.
const PLACE: &str = r"Cert:\CurrentUser\Root";
/// Where PowerShell is, on Windows and as WSL sees it.
const TOOLS: [&str; 2] = [
    r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe",
    "/mnt/c/Windows/System32/WindowsPowerShell/v1.0/powershell.exe",
];
const LIST: &str = "Get-ChildItem Cert:\\CurrentUser\\Root | ForEach-Object { '-----BEGIN CERTIFICATE-----'; \
    [Convert]::ToBase64String($_.RawData); '-----END CERTIFICATE-----' }\n";

impl Store for Windows {
    fn name(&self) -> &'static str {
        "windows"
    }

    fn readers(&self) -> &'static str {
        "Edge, Chrome, .NET, curl and most others of Windows"
    }

    fn here(&self, machine: &dyn Machine) -> Here {
        match tool(machine) {
            Some(_) => Here::Places(vec![Place { path: PLACE.into(), writable: true }]),
            None if machine.system() == System::Windows => Here::Unable {
                why: "PowerShell is not where Windows has it".into(),
                hint: "certutil -user -addstore Root root.pem".into(),
            },
            None => Here::Absent("another system's store"),
        }
    }

    fn holds(&self, machine: &dyn Machine, _place: &Path, root: &Root) -> Held {
        match script(machine, LIST).and_then(|call| machine.run(&call).ok()) {
            Some(ran) if ran.success && root.is_in(&ran.stdout) => Held::Yes,
            Some(ran) if ran.success => Held::No,
            _ => Held::Unknown,
        }
    }

    fn install(&self, machine: &dyn Machine, _place: &Path, root: &Root) -> Vec<Step> {
        script(machine, &change("Add", root)).map(Step::Run).into_iter().collect()
    }

    fn uninstall(&self, machine: &dyn Machine, _place: &Path, root: &Root) -> Vec<Step> {
        script(machine, &change("Remove", root)).map(Step::Run).into_iter().collect()
    }
}

/// The script that adds or removes exactly this certificate.
fn change(verb: &str, root: &Root) -> String {
    let body: String = root.pem().lines().filter(|line| !line.starts_with('-')).collect();
    debug_assert!(STANDARD.decode(&body).is_ok(), "it can hold no quote");
    let class = "System.Security.Cryptography.X509Certificates";
    format!(
        "$ErrorActionPreference = 'Stop'; \
         $root = New-Object {class}.X509Certificate2 -ArgumentList (,[Convert]::FromBase64String('{body}')); \
         $store = New-Object {class}.X509Store -ArgumentList 'Root', 'CurrentUser'; \
         $store.Open('ReadWrite'); $store.{verb}($root); $store.Close()\n"
    )
}

fn script(machine: &dyn Machine, text: &str) -> Option<Call> {
    let args = ["-NoProfile", "-NonInteractive", "-Command", "-"];
    Some(Call::new(tool(machine)?, args).reading(text))
}

fn tool(machine: &dyn Machine) -> Option<PathBuf> {
    TOOLS.iter().map(PathBuf::from).find(|path| machine.exists(path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trust::{
        run::Ran,
        scene::{Scene, root},
    };

    #[test]
    fn wsl_reaches_the_store_of_windows() {
        assert_eq!(Windows.here(&Scene::new()), Here::Absent("another system's store"));
        let listed = Ran { success: true, stdout: root().pem(), stderr: String::new() };
        let asked = format!("{} -NoProfile -NonInteractive -Command -", TOOLS[1]);
        let scene = Scene::new().file(TOOLS[1], "").answer(&asked, listed);
        assert!(matches!(Windows.here(&scene), Here::Places(_)));
        assert_eq!(Windows.holds(&scene, Path::new(PLACE), &root()), Held::Yes);
        let [Step::Run(call)] = &Windows.uninstall(&scene, Path::new(PLACE), &root())[..] else {
            panic!("one step")
        };
        let script = String::from_utf8(call.input.clone()).unwrap();
        assert!(script.contains("$store.Remove($root)") && script.ends_with("$store.Close()\n"), "{script}");
    }
}
