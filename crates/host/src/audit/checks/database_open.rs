//! A32: MongoDB, Elasticsearch, OpenSearch, CouchDB or ClickHouse without a login.

use super::super::{Ask, Check, Facts, Judge, Power, Subject, Word, check::Found};
use crate::probe::contains;

/// See the module.
pub(super) const CHECK: Check = Check {
    id: "A32",
    title: "a database takes commands from anybody",
    why: "Who gets there reads and changes all of it. Thousands of such servers were emptied and left with a demand for \
          ransom (Meow, 2020; MongoDB since 2017).",
    spares: "What is answered before any login, such as MongoDB's `hello` and CouchDB's first page; servers that want \
             one.",
    fixes: &[
        ("mongod", "mongod --auth, after db.createUser(…)"),
        ("elasticsearch", "xpack.security.enabled: true"),
        ("opensearch", "plugins.security.disabled: false"),
        ("couchdb", "[admins] admin = PASSWORD, in local.ini"),
        ("clickhouse-server", "<password_sha256_hex> for the user `default`, in users.xml"),
        ("", "let it ask for a login"),
    ],
    judge: Judge::Each(judge),
};

/// In the answer of MongoDB: an array of that name, as BSON writes it.
const DATABASES: &[u8] = b"\x04databases\0";

fn judge(subject: &Subject, facts: &Facts) -> Option<Found> {
    let seen = by_word(subject).or_else(|| by_http(subject))?;
    Some(CHECK.answered(subject, facts, Power::Write, &format!("{seen} without a login")))
}

fn by_word(subject: &Subject) -> Option<&'static str> {
    let said = subject.said(Ask::Word(Word::Databases))?;
    contains(said, DATABASES).then_some("`listDatabases` was answered")
}

fn by_http(subject: &Subject) -> Option<&'static str> {
    if let Some(first) = subject.served("/").and_then(|answer| answer.object()) {
        let is_search = first.contains_key("cluster_name") && first.contains_key("version");
        return is_search.then_some("`GET /` told of its cluster");
    }
    if let Some(all) = subject.served("/_all_dbs") {
        let names: Option<Vec<String>> = serde_json::from_slice(all.body).ok();
        return names.map(|_| "`GET /_all_dbs` was answered");
    }
    let one = subject.served("/?query=SELECT%201")?;
    (one.body == b"1\n").then_some("`SELECT 1` was answered")
}

#[cfg(test)]
mod tests {
    use super::{
        super::fixture::{heard, held, http, machine},
        *,
    };

    #[test]
    fn planted_and_clean() {
        const MONGO: Ask = Ask::Word(Word::Databases);
        let cluster = http(200, "", r#"{"cluster_name":"x","version":{"number":"8"}}"#);
        for (ask, said, expected) in [
            (MONGO, "head\x04databases\0\x05\0\0\0\0\x01ok\0", true),
            (MONGO, "head\x02codeName\0Unauthorized\0\x02errmsg\0requires authentication\0", false),
            (Ask::Page("/"), &cluster, true),
            (Ask::Page("/"), &http(401, "", r#"{"cluster_name":"x","version":{}}"#), false),
            (Ask::Page("/"), &http(200, "", r#"{"couchdb":"Welcome","version":"3"}"#), false),
            (Ask::Page("/_all_dbs"), &http(200, "", r#"["_users","shop"]"#), true),
            (Ask::Page("/_all_dbs"), &http(401, "", r#"{"error":"unauthorized"}"#), false),
            (Ask::Page("/?query=SELECT%201"), &http(200, "", "1\n"), true),
            (Ask::Page("/?query=SELECT%201"), &http(403, "", "Code: 516"), false),
        ] {
            let facts = machine(heard(held(9200, "x", None), &[(ask, said)]), &[]);
            assert_eq!(judge(&facts.subjects[0], &facts).is_some(), expected, "{said:?}");
        }
    }
}
