//! Every call of the API, byte for byte.

use super::Toxiproxy;

const JSON: &str = "application/json";
const TEXT: &str = "text/plain; charset=utf-8";

/// `'` stands for `"`.
fn check(toxiproxy: &Toxiproxy, rows: &[(&str, &str, u16, Option<&str>, &str)]) {
    for (line, body, status, content, expected) in rows {
        let (method, path) = line.split_once(' ').unwrap();
        let answer = toxiproxy.ask(method, path, &body.replace('\'', "\""));
        assert_eq!(answer.body, expected.replace('\'', "\""), "{line} {body}");
        assert_eq!((answer.status, answer.field("content-type")), (*status, *content), "{line} {body}");
        let routed = !matches!(status, 405) && answer.body != "404 page not found\n";
        assert_eq!(answer.field("x-toxiproxy-request-id").is_some(), routed, "{line}");
    }
}

#[test]
fn every_call_is_answered_as_toxiproxy_does() {
    let toxiproxy = Toxiproxy::start(&[]);
    const A: &str =
        "{'name':'a','listen':'127.0.0.1:0','upstream':'127.0.0.1:1','enabled':false,'toxics':[]}";
    const A_OFF: &str = "{'name':'a','listen':'127.0.0.1:0','upstream':'127.0.0.1:1','enabled':false}";
    const SLOW: &str = "{'attributes':{'latency':100,'jitter':0},'name':'latency_downstream','type':'latency',\
        'stream':'downstream','toxicity':1}";
    const CUT: &str =
        "{'attributes':{'timeout':0},'name':'cut','type':'timeout','stream':'UPSTREAM','toxicity':0.2}";
    let both = format!("[{CUT},{SLOW}]");
    let with = A.replace("[]", &both);
    check(
        &toxiproxy,
        &[
            ("GET /version", "", 200, Some("application/json;charset=utf-8"), "{'version': '2.12.0'}\n"),
            ("GET /proxies", "", 200, Some(JSON), "{}"),
            ("GET /nothing", "", 404, Some(TEXT), "404 page not found\n"),
            ("GET /metrics", "", 404, Some(TEXT), "404 page not found\n"),
            ("PUT /proxies", "", 405, None, ""),
            ("GET /reset", "", 405, None, ""),
            ("POST /proxies", "", 400, Some(TEXT), "{'error':'bad request body: EOF','status':400}\n"),
            (
                "POST /proxies",
                "{",
                400,
                Some(TEXT),
                "{'error':'bad request body: unexpected EOF','status':400}\n",
            ),
            (
                "POST /proxies",
                "{'name':1}",
                400,
                Some(TEXT),
                "{'error':'bad request body: json: cannot unmarshal number into Go struct field Proxy.name of type \
                 string','status':400}\n",
            ),
            (
                "POST /proxies",
                "{}",
                400,
                Some(TEXT),
                "{'error':'missing required field: name','status':400}\n",
            ),
            (
                "POST /proxies",
                "{'name':'a'}",
                400,
                Some(TEXT),
                "{'error':'missing required field: upstream','status':400}\n",
            ),
            ("POST /proxies", A_OFF, 201, Some(JSON), A),
            ("POST /proxies", A_OFF, 409, Some(TEXT), "{'error':'proxy already exists','status':409}\n"),
            (
                "POST /proxies",
                "{'name':'b','upstream':'x:1','listen':'nonsense'}",
                500,
                Some(TEXT),
                "{'error':'listen tcp: address nonsense: missing port in address','status':500}\n",
            ),
            ("GET /proxies/a", "", 200, Some(JSON), A),
            ("GET /proxies/b", "", 404, Some(TEXT), "{'error':'proxy not found','status':404}\n"),
            ("GET /proxies", "", 200, Some(JSON), &format!("{{'a':{A}}}")),
            ("PATCH /proxies/b", "{}", 404, Some(TEXT), "{'error':'proxy not found','status':404}\n"),
            ("PATCH /proxies/a", "{'NAME':'other'}", 200, Some(JSON), A),
            ("GET /proxies/a/toxics", "", 200, Some(JSON), "[]"),
            (
                "POST /proxies/a/toxics",
                "{'type':'lag'}",
                400,
                Some(TEXT),
                "{'error':'invalid toxic type','status':400}\n",
            ),
            (
                "POST /proxies/a/toxics",
                "{'type':'latency','stream':'side'}",
                400,
                Some(TEXT),
                "{'error':'stream was invalid, can be either upstream or downstream','status':400}\n",
            ),
            (
                "POST /proxies/a/toxics",
                "{'type':'latency','attributes':{'latency':1000.0}}",
                400,
                Some(TEXT),
                "{'error':'bad request body: json: cannot unmarshal number 1000.0 into Go struct field \
                 .attributes.latency of type int64','status':400}\n",
            ),
            ("POST /proxies/b/toxics", "{", 404, Some(TEXT), "{'error':'proxy not found','status':404}\n"),
            (
                "POST /proxies/a/toxics",
                "{'type':'latency','attributes':{'LATENCY':100}}",
                200,
                Some(JSON),
                SLOW,
            ),
            (
                "POST /proxies/a/toxics",
                "{'type':'timeout','stream':'upstream','name':'latency_downstream'}",
                409,
                Some(TEXT),
                "{'error':'toxic already exists','status':409}\n",
            ),
            (
                "POST /proxies/a/toxics",
                "{'type':'timeout','stream':'UPSTREAM','name':'cut','attributes':null,'toxicity':0.2}",
                200,
                Some(JSON),
                CUT,
            ),
            ("GET /proxies/a/toxics", "", 200, Some(JSON), &both),
            ("GET /proxies/a", "", 200, Some(JSON), &with),
            ("GET /proxies/a/toxics/cut", "", 200, Some(JSON), CUT),
            ("GET /proxies/a/toxics/no", "", 404, Some(TEXT), "{'error':'toxic not found','status':404}\n"),
            (
                "PATCH /proxies/a/toxics/cut",
                "{'stream':'downstream','toxicity':1}",
                200,
                Some(JSON),
                &CUT.replace("0.2", "1"),
            ),
            (
                "POST /proxies/a/toxics/cut",
                "{'attributes':{'timeout':7},'name':'x'}",
                200,
                Some(JSON),
                &CUT.replace("0.2", "1").replace("':0}", "':7}"),
            ),
            (
                "PATCH /proxies/a/toxics/no",
                "{}",
                404,
                Some(TEXT),
                "{'error':'toxic not found','status':404}\n",
            ),
            (
                "DELETE /proxies/a/toxics/no",
                "",
                404,
                Some(TEXT),
                "{'error':'toxic not found','status':404}\n",
            ),
            ("DELETE /proxies/a/toxics/cut", "", 204, None, ""),
            ("DELETE /proxies/a", "", 204, None, ""),
            ("DELETE /proxies/a", "", 404, Some(TEXT), "{'error':'proxy not found','status':404}\n"),
            ("POST /reset", "", 204, None, ""),
            ("POST /populate", "[]", 201, Some(JSON), "{'proxies':null}"),
            (
                "POST /populate",
                "[{'name':'a','upstream':'x:1','enabled':false},{'upstream':'y:1'}]",
                400,
                Some(JSON),
                "{'error':'missing required field: name at proxy 2','status':400,'proxies':null}",
            ),
            ("GET /proxies", "", 200, Some(JSON), "{}"),
            (
                "POST /populate",
                &format!("[{A_OFF},{{'name':'b','upstream':'x:1','listen':'z'}}]"),
                500,
                Some(JSON),
                &format!(
                    "{{'error':'listen tcp: address z: missing port in address','status':500,'proxies':[{A}]}}"
                ),
            ),
            ("POST /populate", &format!("[{A_OFF}]"), 201, Some(JSON), &format!("{{'proxies':[{A}]}}")),
        ],
    );
}

#[test]
fn an_address_in_use_is_told_as_go_tells_it() {
    let toxiproxy = Toxiproxy::start(&[]);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let body = format!(r#"{{"name":"a","listen":"{address}","upstream":"127.0.0.1:1"}}"#);
    let answer = toxiproxy.ask("POST", "/proxies", &body);
    let expected =
        format!("{{\"error\":\"listen tcp {address}: bind: address already in use\",\"status\":500}}\n");
    assert_eq!((answer.status, answer.body), (500, expected));
    assert_eq!(toxiproxy.ask("GET", "/proxies", "").body, "{}");
}

#[test]
fn browsers_are_refused_and_metrics_are_shown_where_they_are_wanted() {
    let toxiproxy = Toxiproxy::start(&["-proxy-metrics", "--runtime-metrics"]);
    let refused = toxiproxy.ask_as("Mozilla/5.0 (X11)", "GET", "/proxies", "");
    assert_eq!((refused.status, refused.body.as_str()), (403, "User agent not allowed\n"));
    assert_eq!(toxiproxy.ask_as("Mozilla/5.0", "GET", "/nothing", "").status, 404);
    let listen = toxiproxy.proxy("p", &super::echo().to_string());
    super::say(&mut super::connect(listen), b"twelve bytes");
    let count = format!("{{direction=\"upstream\",listener=\"{listen}\",proxy=\"p\",upstream=");
    super::until(|| {
        let text = toxiproxy.ask("GET", "/metrics", "").body;
        assert!(text.contains("# TYPE toxiproxy_proxy_received_bytes_total counter\n"), "{text}");
        assert!(text.contains("process_start_time_seconds "), "{text}");
        text.lines().any(|line| {
            line.starts_with("toxiproxy_proxy_sent_bytes_total")
                && line.contains(&count)
                && line.ends_with("} 12")
        })
    });
}
