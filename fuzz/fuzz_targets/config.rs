//! `navyd.toml`, `Procfile` and `.env`: never a panic; a mistake has a line of the text, and a hint; what was read has
//! an order, and names that are hosts.
#![cfg_attr(fuzzing, no_main)]

use navyd_model::{
    Entry,
    config::{self, MOST_MISTAKES, Mistake, names},
};

navyd_fuzz::target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    for read in [config::read, config::read_procfile] {
        match read("file", text) {
            Ok(config) => {
                let order = config::needed(&config, &[]).unwrap_or_else(|error| panic!("{error}"));
                assert_eq!(order.len(), config.services.len());
                for (at, service) in order.iter().enumerate() {
                    let before = |name: &String| order[..at].iter().any(|other| other.name == *name);
                    assert!(service.depends_on.iter().all(|one| before(&one.service)), "{text:?}");
                    let place = names::Place { project: text, branch: Some(text), default_branch: None };
                    for host in names::of_service(&service.name, &place).hosts {
                        assert!(matches!(host.parse(), Ok(Entry::Name(_))), "{host}");
                        assert!(
                            host.len() <= 253 && host.split('.').all(|label| label.len() <= 63),
                            "{host}"
                        );
                    }
                }
            }
            Err(mistakes) => judge(text, &mistakes),
        }
    }
    match config::dotenv::read(".env", text) {
        Ok(variables) => assert!(variables.iter().all(|(name, _)| !name.is_empty() && !name.contains('='))),
        Err(mistakes) => judge(text, &mistakes),
    }
    for host in names::of_run(Some(text), &names::Place::default()).hosts {
        assert!(matches!(host.parse(), Ok(Entry::Name(_))), "{host}");
    }
});

fn judge(text: &str, mistakes: &[Mistake]) {
    assert!((1..=MOST_MISTAKES).contains(&mistakes.len()));
    let lines = text.matches('\n').count() + 1;
    for mistake in mistakes {
        assert!((1..=lines).contains(&mistake.line) && mistake.column > 0, "{mistake:?}");
        assert!(!mistake.hint.is_empty(), "{mistake:?}");
        let printable = |text: &str| !text.chars().any(char::is_control);
        assert!(
            printable(&mistake.message) && printable(&mistake.cause) && printable(&mistake.hint),
            "{mistake:?}"
        );
    }
}
