//! Statements of PostgreSQL and MySQL: never a panic, and a password is hidden whatever is in it and beside it.
#![cfg_attr(fuzzing, no_main)]

use navyd_hub::capture::statement_without_secrets;

/// Stands in no input.
const PLANTED: &str = "pl4ntedS3cret";

navyd_fuzz::target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes).replace(PLANTED, "");
    for postgres in [true, false] {
        statement_without_secrets(&text, postgres);
        let mut inside = text.replace('\'', "''");
        if !postgres {
            inside = inside.replace('\\', "\\\\");
        }
        for statement in [
            format!("update u set a = 'b', password = '{PLANTED}{inside}{PLANTED}' where id = 1"),
            format!("insert into u (a, token) values ('{inside}', '{PLANTED}'), ('{inside}', '{PLANTED}')"),
        ] {
            let clean = statement_without_secrets(&statement, postgres);
            assert!(clean.is_some_and(|clean| !clean.contains(PLANTED)), "{}", statement.escape_default());
        }
    }
});
