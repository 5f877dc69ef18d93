//! Random sockets, and a real server as the oracle: what `navyd why` says of each form of the address must be
//! what `bind()` and `listen()` do there a moment later.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

use super::Ground;

/// Scenes in one run.
const ROUNDS: u64 = 40;

/// Makes the scene of a seed: up to four sockets on one port, each with an address, options and a use drawn at
/// random; those that the kernel refuses are left out. Then answers what a server would meet on each form.
const SCENE: &str = "
import json, random
r = random.Random(SEED)
first = tcp('127.0.0.1'); n = port(first); first.close()
kept, told = [], []
for _ in range(r.randint(0, 4)):
    address = r.choice(['127.0.0.1', '127.0.0.2', '0.0.0.0', '::1', '::'])
    use = r.choice(['listen', 'bound', 'client'])
    reuse, share, only = r.random() < .5, r.random() < .3, r.randint(0, 1)
    told.append([address, use, reuse, share, only])
    try:
        s = tcp(address, n, reuse, share, only if ':' in address else None)
        kept.append(s)
        if use == 'listen': s.listen(16)
        if use == 'client':
            server = listening('::1' if ':' in address else '127.0.0.1')
            s.connect(server.getsockname()); kept.append(server)
    except OSError: pass
say(n); say(json.dumps(told)); sys.stdin.readline()
answers = []
for address, only in [('127.0.0.1', None), ('0.0.0.0', None), ('::1', 0), ('::', 0), ('::', 1)]:
    s = socket(AF_INET6 if ':' in address else AF_INET, SOCK_STREAM)
    s.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
    if only is not None: s.setsockopt(IPPROTO_IPV6, IPV6_V6ONLY, only)
    try: s.bind((address, n)); s.listen(16); answers.append(True)
    except OSError: answers.append(False)
    s.close()
say(json.dumps(answers))
";

#[test]
fn bind_says_what_a_server_meets() {
    let Some(ground) = Ground::any("why::bind_says_what_a_server_meets") else { return };
    let seed = match std::env::var("SEED") {
        Ok(seed) => seed.parse().expect("SEED is a number"),
        Err(_) => SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs(),
    };
    eprintln!("repeat with SEED={seed}");
    let mut blocked = 0;
    for round in 0..ROUNDS {
        let (mut actor, port) = ground.actor(&SCENE.replace("SEED", &(seed + round).to_string()));
        let scene = actor.line();
        let answer = ground.why(&port.to_string());
        actor.say("now");
        let oracle: Vec<bool> = serde_json::from_str(&actor.line()).unwrap();
        let told: Vec<bool> =
            answer.document["bind"].as_array().unwrap().iter().map(|form| form["ok"] == true).collect();
        let context = || format!("SEED={} {scene}: {:#}", seed + round, shortened(&answer.document));
        assert_eq!(told, oracle, "{}", context());
        let all = oracle.iter().all(|ok| *ok);
        let verdict = answer.document["verdict"].as_str().unwrap();
        assert!(verdict != "free" || all, "{}", context());
        assert_ne!(verdict, "unknown", "{}", context());
        // With every form to be had, only what a plain bind meets may stand in the way.
        let lesser = ["free", "time-wait", "bound-not-listening", "client-socket"];
        assert!(!all || lesser.contains(&verdict), "{}", context());
        blocked += u32::from(!all);
    }
    assert!(blocked > 0, "no scene of SEED={seed} had an obstacle");
}

fn shortened(document: &Value) -> Value {
    serde_json::json!({"verdict": document["verdict"], "causes": document["causes"], "bind": document["bind"]})
}
