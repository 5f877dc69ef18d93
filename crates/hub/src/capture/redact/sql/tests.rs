//! Statements with secrets planted in them, and statements that have none.

use super::*;

fn check(dialect: Dialect, rows: &[(&str, Option<&str>)]) {
    for (text, expected) in rows {
        assert_eq!(redact(text, dialect).text.as_deref(), *expected, "{dialect:?}: {text}");
    }
}

/// In each of these `S3` is to be hidden, and everything else to stay.
fn hides(dialect: Dialect, rows: &[&str]) {
    for text in rows {
        let found = redact(text, dialect).text.unwrap_or_else(|| (*text).to_owned());
        let expected =
            text.replace("S3", "[redacted]").replace("'987'", "987").replace("987", "'[redacted]'");
        assert_eq!(found, expected, "{dialect:?}: {text}");
    }
}

#[test]
fn what_has_no_secrets_stays_as_it_is() {
    for dialect in [Dialect::Postgres, Dialect::Mysql] {
        check(
            dialect,
            &[
                ("", None),
                ("select 1", None),
                ("select 'a', 'b'", None),
                ("select password from u where name = 'ada'", None),
                ("select name, password from u order by password limit 5", None),
                ("insert into u values (1, 'ada')", None),
                ("insert into u (id, name) values (1, 'ada'), (2, 'bob')", None),
                ("update u set name = 'ada' where id = 5 and token is null", None),
                ("create table u (id int, password varchar(255) not null, pin numeric(4, 0))", None),
                ("select * from columns where column_name = 'password'", None),
                ("select max_tokens from u where max_tokens > 5", None),
                ("set session time_zone = 'UTC'", None),
                ("create role ada valid until 'infinity'", None),
                ("/* a comment */ select 1 -- 'it' and 'that'", None),
                ("select case when password is null then 'none' else 'some' end from u", None),
            ],
        );
    }
}

#[test]
fn assignments_and_comparisons() {
    for dialect in [Dialect::Postgres, Dialect::Mysql] {
        hides(
            dialect,
            &[
                "UPDATE users SET password = 'S3' WHERE name = 'ada'",
                "update u set name = 'ada', token = 'S3', age = 5 where id = 7",
                "update u set token='S3'",
                "update u as a set a.password = 'S3' where a.id = 1",
                "select * from u where password = 'S3' and name = 'ada'",
                "select * from u where name = 'ada' or password <> 'S3' or id = 1",
                "select * from u where 'S3' = password",
                "select * from u where password = crypt('S3', password) and a = 'b'",
                "select * from u where lower(token) = lower('S3')",
                "select * from u where token in ('S3', 'S3') and id in (1, 2)",
                "select * from u where token not in ('S3')",
                "select * from u where token like 'S3' limit 5",
                "select * from u where token between 'S3' and 'S3' and name = 'ada'",
                "select * from u where (name = 'ada' and password = 'S3') or id = 1",
                "select * from u where (password) = 'S3'",
                "select * from u where (name, token) = ('ada', 'S3')",
                "select * from u where (name, token) in (('ada', 'S3'))",
                "select * from u where pin = 987 and id = 5",
                "select * from u where otp in (987, 987)",
                "select * from u where token is not distinct from 'S3'",
                "update u set password = case when a = b then 'S3' else 'S3' end, name = 'ada'",
                "update u set token = coalesce(null, 'S3'), name = 'ada'",
                "update u set (name, token) = ('ada', 'S3')",
                "select 'S3' as password, 'ada' as name",
                "select json_object('name', 'ada', 'password', 'S3', 'a', 'b')",
                "select set_password('S3'), 'ada'",
                "delete from u where api_key = 'S3'",
                "select 1; update u set password = 'S3'; select 'a'",
                "update u set password = 'S3",
                "update u set password = /* c */ 'S3' -- c",
            ],
        );
    }
}

#[test]
fn values_by_their_columns() {
    for dialect in [Dialect::Postgres, Dialect::Mysql] {
        hides(
            dialect,
            &[
                "INSERT INTO users (name, password) VALUES ('a', 'S3'), ('c', 'S3')",
                "insert into users (password, name) values ('S3', 'b')",
                "insert into s.users(id, pin, name) values (1, 987, 'b'), (2, 987, 'c')",
                "insert into u (name, password) values (lower('a'), crypt('S3', gen('S3')))",
                "insert into u (name, password) values ('a', ('S3'))",
                "insert into u (name, password) select 'a', 'S3' from t where x = 'y'",
                "insert into u (name, password) select name, 'S3' union all select 'b', 'S3'",
                "insert into session (sid, data) values ('S3', 'S3')",
                "insert into session values ('S3', 'S3')",
                "insert into u (id, token) values (1, 'S3') on conflict (id) do update set token = 'S3', name = 'a'",
                "with x(name, token) as (values ('a', 'S3')) select * from x where name = 'a'",
                "update u set password = d.password from (values (1, 'S3'), (2, 'S3')) as d(id, password) where d.id = u.id",
                "insert into u (name, password) select p0, p1 from (values ('a', 'S3', 0)) as i(p0, p1, n) order by n",
                "insert into u (id, token) values (case when a then 1 end, case when a = b then 'S3' end)",
                "execute s ('S3', 987)",
            ],
        );
    }
}

#[test]
fn passwords_of_the_server() {
    hides(
        Dialect::Postgres,
        &[
            "alter role ada password 'S3'",
            "ALTER ROLE ada WITH ENCRYPTED PASSWORD 'S3' VALID UNTIL 'infinity'",
            "create user ada password 'S3' in role b",
            "create user mapping for ada server s options (user 'bob', password 'S3')",
            "create subscription s connection 'host=h password=S3 user=a' publication p",
            "set app.token = 'S3'",
            "select set_config('request.jwt', 'S3', true)",
        ],
    );
    hides(
        Dialect::Mysql,
        &[
            "CREATE USER 'ada'@'h' IDENTIFIED BY 'S3'",
            "create user if not exists 'ada'@'h' identified with sha2 by 'S3' require ssl",
            "alter user 'ada'@'h' identified by 'S3' replace 'S3' retain current password",
            "grant all on *.* to 'ada'@'%' identified by 'S3'",
            "SET PASSWORD FOR 'ada'@'h' = 'S3'",
            "set password = password('S3')",
            "set @password = 'S3', @name = 'ada'",
            "change master to master_user = 'ada', master_password = 'S3'",
            "insert into u set name = 'a', password = 'S3'",
            "replace into u (name, password) value ('a', 'S3')",
            "insert into u (name, password) values row('a', 'S3'), row('b', 'S3')",
            "set session sql_mode = 'x', session transaction_isolation = 'y'",
        ],
    );
    check(
        Dialect::Postgres,
        &[
            ("alter role ada password hunter2", Some("alter role ada password '[redacted]'")),
            ("alter role ada password \"S3\"", Some("alter role ada password \"[redacted]\"")),
            ("alter role ada password null", None),
        ],
    );
}

#[test]
fn the_ways_to_write_a_literal() {
    check(
        Dialect::Postgres,
        &[
            ("alter user ada password 'x''y'", Some("alter user ada password '[redacted]'")),
            ("update u set token = E'x\\'y', a = 'b'", Some("update u set token = E'[redacted]', a = 'b'")),
            ("update u set token = $$x'y$$, a = 'b'", Some("update u set token = $$[redacted]$$, a = 'b'")),
            ("update u set token = $t$x$$y$t$", Some("update u set token = $t$[redacted]$t$")),
            ("update u set \"password\" = U&'x'", Some("update u set \"password\" = U&'[redacted]'")),
            ("update u set password = \"x\"", Some("update u set password = \"[redacted]\"")),
            ("select * from a where \"a\".\"token\" = \"b\".\"token\"", None),
            ("update u set token = x'ff'", Some("update u set token = x'[redacted]'")),
            ("update u set token = 'a' 'b'", Some("update u set token = '[redacted]' '[redacted]'")),
            ("update u set token = 'x'::text", Some("update u set token = '[redacted]'::text")),
            (
                "select data ->> 'password' = 'x' from u",
                Some("select data ->> 'password' = '[redacted]' from u"),
            ),
            // Either reading of the backslash hides what it takes for the literal.
            ("update u set token = 'a\\', b = 'c'", Some("update u set token = '[redacted]'c'")),
        ],
    );
    check(
        Dialect::Mysql,
        &[
            (
                "update u set `password` = \"x\", a = \"b\"",
                Some("update u set `password` = \"[redacted]\", a = \"b\""),
            ),
            ("update u set \"password\" = \"my secret\"", Some("update u set \"password\" = \"[redacted]\"")),
            ("update u set token = 'x\\'y'", Some("update u set token = '[redacted]'")),
            ("update u set token = _utf8mb4'x'", Some("update u set token = _utf8mb4'[redacted]'")),
            ("update u set token = 0x78", Some("update u set token = '[redacted]'")),
            ("/*!40101 update u set token = 'x' */", Some("/*!40101 update u set token = '[redacted]' */")),
        ],
    );
}

#[test]
fn statements_and_documents_within_literals() {
    check(
        Dialect::Postgres,
        &[
            (
                "insert into e values ('{\"a\":1,\"token\":\"x\"}')",
                Some("insert into e values ('{\"a\":1,\"token\":\"[redacted]\"}')"),
            ),
            (
                "do $$ begin alter role a password 'x'; end $$",
                Some("do $$ begin alter role a password '[redacted]'; end $$"),
            ),
            (
                "execute immediate 'alter role a password ''x'''",
                Some("execute immediate 'alter role a password ''[redacted]'''"),
            ),
            ("select 'postgres://a:x@h/d'", Some("select 'postgres://a:[redacted]@h/d'")),
            (
                "select dblink('host=h password=x user=a')",
                Some("select dblink('host=h password=[redacted] user=a')"),
            ),
            (
                "-- update u set password = 'x'\nselect 1",
                Some("-- update u set password = '[redacted]'\nselect 1"),
            ),
        ],
    );
}

#[test]
fn parameters_are_told_where_none_of_their_places_is_a_secret() {
    for (dialect, text, expected) in [
        (Dialect::Postgres, "update u set password = $1 where id = $2", vec![false, true]),
        (Dialect::Postgres, "select $3, $1", vec![true, false, true]),
        (Dialect::Postgres, "select * from u where id = $1 or token = $1", vec![false]),
        (
            Dialect::Postgres,
            "insert into u (a, token) values ($1, $2), ($3, $4)",
            vec![true, false, true, false],
        ),
        (Dialect::Postgres, "select * from u where token = any($1) limit $2", vec![false, true]),
        (Dialect::Postgres, "select $0, $99999999999", vec![]),
        (Dialect::Mysql, "insert into u (`password`, a) values (?, ?)", vec![false, true]),
        (Dialect::Mysql, "select '?' from u where token = ? and a = ?", vec![false, true]),
        (Dialect::Mysql, "select 'a\\' ? ', ? from u where a = ?", vec![]),
    ] {
        assert_eq!(redact(text, dialect).told, expected, "{text}");
    }
    assert!(!redact("", Dialect::Postgres).may_tell(0));
}

#[test]
fn what_lies_too_deep_is_hidden() {
    for depth in 0..=5 {
        let mut text = "update u set a = 'x'".to_owned();
        (0..depth).for_each(|_| text = format!("select '{}'", text.replace('\'', "''")));
        let clean = redact(&text, Dialect::Postgres).text;
        assert_eq!(clean.is_some(), depth > 3, "{depth}: {clean:?}");
        assert!(clean.is_none_or(|clean| !clean.contains('x')), "{depth}");
    }
    let spent = Steps::of(0);
    spent.take(usize::MAX);
    let found = inside("select 'a = b', 'c', 1", Dialect::Postgres, 0, &spent);
    assert_eq!(found.text.as_deref(), Some("select '[redacted]', 'c', 1"));
}

#[test]
fn parameters_within_literals_are_none_of_the_statement() {
    let text = format!("select {}, $2", ["'$65535 = 1'"; 9].join(", "));
    assert_eq!(redact(&text, Dialect::Postgres).told, [false, true]);
}

/// Pieces that are cheap once and could cost more the more of them there are.
const HOSTILE: [&str; 44] = [
    "(",
    "((a),",
    "((a.",
    "(a.",
    "(a,",
    "(a,b)=(",
    "case ",
    "case when 'a' then ",
    "'",
    "\\'",
    "\"",
    "''",
    "''''",
    "`",
    "$a$",
    "$$",
    "$",
    "$1,",
    "$65535,",
    "'$65535',",
    "?",
    "/*",
    "*/",
    "/*!",
    "=*/",
    "--\n",
    "#\n",
    "a.",
    "a,",
    "a=",
    "password=",
    "password= ",
    "=",
    "a=/*",
    "values (1,",
    "insert into a(b)",
    "f('password',",
    ") as x(a)",
    "left(a,",
    "{\"a\":",
    "[\"\\\"",
    "://a:",
    "between ",
    ";",
];

#[test]
fn four_times_the_text_takes_four_times_the_steps() {
    let steps = |text: &str, dialect: Dialect| {
        let steps = Steps::of(text.len());
        inside(text, dialect, 0, &steps);
        steps.taken()
    };
    let in_text = |part: &str| format!("insert into u (password) values ('{part}')");
    let in_comment = |part: &str| format!("/* {part} */ select 1");
    let in_dollars = |part: &str| format!("select $q${part}$q$, \"{part}\"");
    let around: [&dyn Fn(&str) -> String; 4] = [&str::to_owned, &in_text, &in_comment, &in_dollars];
    let count = 100;
    for part in HOSTILE {
        for more in ["", "a=", "'"] {
            for (place, around) in around.iter().enumerate() {
                for dialect in [Dialect::Postgres, Dialect::Mysql] {
                    let text = |count: usize| around(&format!("{part}{more}").repeat(count));
                    let (short, long) = (steps(&text(count), dialect), steps(&text(4 * count), dialect));
                    // The ends of a text may be read once more than its middle.
                    assert!(
                        long <= 4 * short + 1024,
                        "{dialect:?}, place {place}, {part:?} {more:?}: {short}, then {long} steps"
                    );
                }
            }
        }
    }
}

#[test]
fn usual_statements_take_few_steps() {
    for text in [
        "select 1",
        "insert into users (name, password, created) values ('ada', 'x', now()), ('it''s', 'y', now())",
        "select u.id, u.name from users u left join p on p.author = u.id where u.name like 'a%' and p.likes > 5",
        "insert into events values ('{\"user\": \"ada\", \"note\": \"she said \\\"no\\\"\"}')",
    ] {
        for dialect in [Dialect::Postgres, Dialect::Mysql] {
            let steps = Steps::of(text.len());
            inside(text, dialect, 0, &steps);
            assert!(steps.taken() <= 25 * text.len(), "{text}: {} steps", steps.taken());
        }
    }
}
