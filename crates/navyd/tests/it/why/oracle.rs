//! Random sockets, and a real server as the oracle: what `navyd why` says of each form of the address must be
//! what `bind()` and `listen()` do there a moment later.

use std::{
    fmt,
    time::{SystemTime, UNIX_EPOCH},
};

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
        let scene = Scene::play(&ground, seed + round);
        // A port that is free can be taken by anybody; what is wrong once more, with another port, is our mistake.
        let scene = match scene.mistake() {
            Some(mistake) => {
                eprintln!("once more: {mistake}: {scene}");
                Scene::play(&ground, seed + round)
            }
            None => scene,
        };
        assert_eq!(scene.mistake(), None, "{scene}");
        blocked += u32::from(!scene.oracle.iter().all(|ok| *ok));
    }
    assert!(blocked > 0, "no scene of SEED={seed} had an obstacle");
}

/// What was on a port, what navyd said of it, and what a server met.
struct Scene {
    seed: u64,
    made: String,
    answer: Value,
    oracle: Vec<bool>,
}

impl Scene {
    fn play(ground: &Ground, seed: u64) -> Self {
        let (mut actor, port) = ground.actor(&SCENE.replace("SEED", &seed.to_string()));
        let made = actor.line();
        let answer = ground.why(&port.to_string()).document;
        actor.say("now");
        let oracle = serde_json::from_str(&actor.line()).unwrap();
        Self { seed, made, answer, oracle }
    }

    /// What navyd said that is not so.
    fn mistake(&self) -> Option<&'static str> {
        let told: Vec<bool> =
            self.answer["bind"].as_array().unwrap().iter().map(|form| form["ok"] == true).collect();
        let all = self.oracle.iter().all(|ok| *ok);
        let verdict = self.answer["verdict"].as_str().unwrap();
        // With every form to be had, only what a plain bind meets may stand in the way.
        let lesser = ["free", "time-wait", "bound-not-listening", "client-socket"];
        match () {
            () if told != self.oracle => Some("it said otherwise what can be bound"),
            () if verdict == "unknown" => Some("it did not know"),
            () if verdict == "free" && !all => Some("it called a port free that is not"),
            () if all && !lesser.contains(&verdict) => Some("it called a port taken that is free"),
            () => None,
        }
    }
}

impl fmt::Display for Scene {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, made, answer, oracle } = self;
        write!(f, "SEED={seed} {made}: a server met {oracle:?}, navyd said {:#}", shortened(answer))
    }
}

fn shortened(document: &Value) -> Value {
    serde_json::json!({"verdict": document["verdict"], "causes": document["causes"], "bind": document["bind"]})
}
