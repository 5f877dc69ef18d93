//! MariaDB at a tap: what its own client and a driver send is what is counted.

use std::process::{Command, Stdio};

use super::watched::{Watched, shown};
use crate::{
    probe::{mariadb, program},
    support::{peers, run::run, skip},
};

#[test]
fn statements_of_the_command_line_are_counted() {
    let test = "traffic::mysql::statements_of_the_command_line_are_counted";
    let Some(client) = program(test, "mariadb") else { return };
    let Some((_server, port, _folder)) = mariadb(test) else { return };
    let watched = Watched::start(port, "mysql");
    let mut statements = "create database shop; use shop; create table t(id int primary key);".to_owned();
    statements.extend((0..40).map(|id| format!("insert into t values ({id});")));
    statements.extend((0..10).map(|_| "select * from t;"));
    statements.push_str("select * from nothere;");
    let mut command = Command::new(client);
    command.args(["--no-defaults", "--protocol=tcp", "-h", "127.0.0.1", "-P", &watched.port(), "-e"]);
    let ran = run(command.arg(&statements));
    assert!(ran.stderr.contains("1146"), "{ran:?}");
    let capture = watched.settled(54);
    assert_eq!(capture["lost"]["bytes"], 0);
    watched.check(&[
        ("method:query target:\"insert into t*\" outcome:complete not error:*", 40),
        ("method:query target:\"select * from t\" outcome:complete not error:*", 10),
        ("method:query target:\"create*\" outcome:complete not error:*", 2),
        ("method:query error~1146", 1),
        ("method:gap or method:opaque or not outcome:complete", 0),
    ]);
    let rows = &watched.list("target:\"select * from t\"")[0];
    assert_eq!(shown(&watched.home, rows)["details"]["results"][0]["row_count"], 40);
}

/// Prepares a statement once, executes it 30 times in the binary protocol, and asks for something that is not there.
const DRIVER: &str = "
const mysql = require(process.argv[1] + '/mysql2/promise');
(async () => {
  const c = await mysql.createConnection({host: '127.0.0.1', port: +process.argv[2], user: 'ada',
    password: 'pl4ntedS3cret'});
  await c.query('create database shop');
  await c.query('use shop');
  await c.query('create table t(id int primary key, name varchar(99))');
  for (let id = 0; id < 30; id++) await c.execute('insert into t values (?, ?)', [id, 'n' + id]);
  const [rows] = await c.execute('select id, name from t where id < ?', [20]);
  console.log(rows.length, rows[7].name);
  await c.execute('select nothere').catch(error => console.log(error.errno));
  await c.end();
})();
";

#[test]
fn statements_that_a_driver_prepares_are_counted_with_their_parameters() {
    let test = "traffic::mysql::statements_that_a_driver_prepares_are_counted_with_their_parameters";
    let Some(node) = program(test, "node") else { return };
    if !peers::modules().join("mysql2").is_dir() {
        return skip(test, "`mysql2` is not installed: scripts/peers does it");
    }
    let Some((_server, port, _folder)) = mariadb(test) else { return };
    let watched = Watched::start(port, "mysql");
    let mut driver = Command::new(node);
    driver.args(["-e", DRIVER]).arg(peers::modules()).arg(watched.port()).stdin(Stdio::null());
    let ran = run(&mut driver);
    assert_eq!(ran.stdout, "20 n7\n1054\n", "{ran:?}");
    watched.settled(37);
    watched.check(&[
        ("method:connect outcome:complete not error:*", 1),
        ("method:execute target:insert* outcome:complete not error:*", 30),
        ("method:execute target:select* outcome:complete not error:*", 1),
        ("method:prepare error~1054", 1),
        ("method:gap or method:opaque or not outcome:complete", 0),
    ]);
    let inserted = watched.list("method:execute target:insert*");
    let values = |at: usize| shown(&watched.home, &inserted[at])["details"]["parameters"].clone();
    assert_eq!((values(0)[1].clone(), values(29)[1].clone()), ("n29".into(), "n0".into()));
    let found = &watched.list("method:execute target:select*")[0];
    assert_eq!(shown(&watched.home, found)["details"]["results"][0]["row_count"], 20);
}
