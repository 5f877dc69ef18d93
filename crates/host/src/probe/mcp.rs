//! The Model Context Protocol over HTTP: what the server supports, without opening a session.
//!
//! Deliberately not `initialize`: on servers of the revisions before 2026-07-28 it begins a session that
//! somebody must end. Those refuse the question asked here, in words that tell what they are.

use serde_json::{Map, Value};

use super::{
    answer::Answer,
    leaf::{Base, Found, Probe, Turn, Verdict},
    text,
};

/// MCP, by the transport named Streamable HTTP, on `/mcp`.
pub(super) struct Mcp;

/// `server/discover` of revision 2026-07-28.
const DISCOVER: &[u8] = b"POST /mcp HTTP/1.0\r\nHost: localhost:PORT\r\nUser-Agent: navyd\r\n\
    Accept: application/json, text/event-stream\r\nContent-Type: application/json\r\n\
    MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: server/discover\r\nContent-Length: 243\r\n\r\n\
    {\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"server/discover\",\"params\":{\"_meta\":{\
    \"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\",\
    \"io.modelcontextprotocol/clientCapabilities\":{},\
    \"io.modelcontextprotocol/clientInfo\":{\"name\":\"navyd\",\"version\":\"0\"}}}}";

/// Words in the errors of servers that want a session or another revision: other JSON-RPC servers have none
/// of them.
const REFUSALS: [&str; 5] =
    ["session", "not initialized", "protocol version", "text/event-stream", "server/discover"];

impl Probe for Mcp {
    fn name(&self) -> &'static str {
        "MCP"
    }

    fn turn(&self) -> Turn {
        Turn::Follows(Base::Http1)
    }

    fn sends(&self) -> &'static [u8] {
        DISCOVER
    }

    /// Its servers go by many names, of which most have the three letters as a word.
    fn is_run(&self, hints: &super::hints::Hints) -> bool {
        let texts = hints.programs.iter().flat_map(|program| program.argv.iter().chain([&program.name]));
        let mut words = texts.flat_map(|text| text.split(|letter: char| !letter.is_ascii_alphanumeric()));
        words.any(|word| word.eq_ignore_ascii_case("mcp") || word.eq_ignore_ascii_case("fastmcp"))
    }

    fn recognise(&self, reply: &[u8], ended: bool) -> Verdict {
        let Some(answer) = Answer::read(reply).filter(|_| ended) else {
            return if ended { Verdict::No } else { Verdict::More };
        };
        let Some(message) = message(&answer) else { return Verdict::No };
        if message.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
            return Verdict::No;
        }
        let result = message.get("result").and_then(Value::as_object);
        Verdict::from_found(match result {
            Some(result) => discovered(&answer, result),
            None => refused(&answer, &message),
        })
    }
}

/// The answer's JSON: the body, or the first event of a stream of them.
fn message(answer: &Answer<'_>) -> Option<Map<String, Value>> {
    if !answer.says("content-type", "text/event-stream") {
        return answer.object();
    }
    let mut lines = answer.body.split(|byte| *byte == b'\n');
    lines.find_map(|line| serde_json::from_slice(line.strip_prefix(b"data:")?).ok())
}

fn discovered(answer: &Answer<'_>, result: &Map<String, Value>) -> Option<Found> {
    result.get("supportedVersions")?.as_array()?;
    let in_meta = || result.get("_meta")?.get("io.modelcontextprotocol/serverInfo");
    let info = result.get("serverInfo").or_else(in_meta);
    let told = |name: &str| Some(text::line(info?.get(name)?.as_str()?.as_bytes()));
    Some(answer.behind("MCP", text::join([told("name"), told("version")])))
}

fn refused(answer: &Answer<'_>, message: &Map<String, Value>) -> Option<Found> {
    let error = message.get("error")?;
    let words = error.get("message")?.as_str()?;
    let known = REFUSALS.iter().any(|refusal| text::contains(words.as_bytes(), refusal.as_bytes()));
    let session = answer.heading("mcp-session-id").is_some();
    (known || session).then(|| answer.behind("MCP", Some("of a revision before 2026-07-28".to_owned())))
}

#[cfg(test)]
mod tests {
    use super::{super::leaf::tests::check, *};

    #[test]
    fn the_question_is_as_long_as_it_says() {
        let body =
            Answer::read(&[b"HTTP/1.0 200 OK\r\n", &DISCOVER[20..]].concat()).map(|answer| answer.body.len());
        let said = text::find(DISCOVER, b"Content-Length: ").map(|at| &DISCOVER[at + 16..at + 19]);
        assert_eq!(
            said.map(|said| String::from_utf8_lossy(said).into_owned()),
            body.map(|body| body.to_string())
        );
        let start = text::find(DISCOVER, b"{").unwrap();
        assert!(serde_json::from_slice::<Value>(&DISCOVER[start..]).is_ok());
    }

    #[test]
    fn answers() {
        let old = Some(("MCP", Some("of a revision before 2026-07-28, over HTTP/1.1")));
        check(
            &Mcp,
            &[
                (
                    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\
                      {\"supportedVersions\":[\"2026-07-28\"],\"serverInfo\":{\"name\":\"files\",\"version\":\"1.2\"}}}",
                    Some(("MCP", Some("files, 1.2, over HTTP/1.1"))),
                ),
                (
                    b"HTTP/1.1 200 OK\r\n\r\n{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"supportedVersions\":[],\"_meta\":\
                      {\"io.modelcontextprotocol/serverInfo\":{\"name\":\"files\",\"version\":\"\"}}}}",
                    Some(("MCP", Some("files, over HTTP/1.1"))),
                ),
                (
                    b"HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\n\r\n{\"jsonrpc\":\"2.0\",\"id\":\
                      \"server-error\",\"error\":{\"code\":-32600,\"message\":\"Bad Request: Missing session ID\"}}",
                    old,
                ),
                (
                    b"HTTP/1.1 400 x\r\nContent-Type: text/event-stream\r\n\r\nevent: message\r\ndata: {\"jsonrpc\":\"2.0\",\
                      \"id\":null,\"error\":{\"code\":-32000,\"message\":\"Bad Request: Server not initialized\"}}\r\n\r\n",
                    old,
                ),
                (
                    b"HTTP/1.1 200 OK\r\n\r\n{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32601,\"message\":\"Method not found\"}}",
                    None,
                ),
                (b"HTTP/1.1 200 OK\r\n\r\n{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}", None),
                (b"HTTP/1.1 200 OK\r\n\r\n<html>session</html>", None),
            ],
        );
    }
}
