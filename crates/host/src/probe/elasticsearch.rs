//! Elasticsearch and OpenSearch: the answer to `GET /` tells, and nothing more is sent.

use super::{
    answer::Answer,
    leaf::{Base, Found, Probe, Turn},
    text,
};

/// The search server's REST API.
pub(super) struct Elasticsearch;

impl Probe for Elasticsearch {
    fn name(&self) -> &'static str {
        "Elasticsearch"
    }

    fn turn(&self) -> Turn {
        Turn::Follows(Base::Http1)
    }

    /// The heading since 7.14, with or without a login; before it, the tagline.
    fn within(&self, base: Base, reply: &[u8]) -> Option<Found> {
        let answer = Answer::read(reply).filter(|_| base == Base::Http1)?;
        let object = answer.object().unwrap_or_default();
        let tagline = object.get("tagline").and_then(|tagline| tagline.as_str()).unwrap_or_default();
        let version = object.get("version").and_then(|version| version.get("number")?.as_str());
        let version = version.map(|version| text::line(version.as_bytes()));
        // OpenSearch first: for older clients it also bears the heading of the other.
        if tagline.starts_with("The OpenSearch Project") {
            return Some(answer.behind("OpenSearch", version));
        }
        if answer.says("x-elastic-product", "Elasticsearch") || tagline == "You Know, for Search" {
            let locked = (answer.status == 401).then(|| "wants a login".to_owned());
            return Some(answer.behind("Elasticsearch", version.or(locked)));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::{super::leaf::tests::check_within, *};

    #[test]
    fn behind_http() {
        check_within(
            &Elasticsearch,
            Base::Http1,
            &[
                (
                    b"HTTP/1.0 200 OK\r\nX-elastic-product: Elasticsearch\r\n\r\n{\"version\":{\"number\":\"8.13.0\"}}",
                    Some(("Elasticsearch", Some("8.13.0, over HTTP/1.0"))),
                ),
                (
                    b"HTTP/1.1 401 x\r\nX-elastic-product: Elasticsearch\r\n\r\n{}",
                    Some(("Elasticsearch", Some("wants a login, over HTTP/1.1"))),
                ),
                (
                    b"HTTP/1.1 200 OK\r\n\r\n{\"version\":{\"number\":\"6.8.1\"},\"tagline\":\"You Know, for Search\"}",
                    Some(("Elasticsearch", Some("6.8.1, over HTTP/1.1"))),
                ),
                (
                    b"HTTP/1.1 200 OK\r\n\r\n{\"tagline\":\"The OpenSearch Project: https://opensearch.org/\"}",
                    Some(("OpenSearch", Some("over HTTP/1.1"))),
                ),
                (
                    b"HTTP/1.1 200 OK\r\nX-Elastic-Product: Elasticsearch\r\n\r\n{\"tagline\":\"The OpenSearch Project\"}",
                    Some(("OpenSearch", Some("over HTTP/1.1"))),
                ),
                (b"HTTP/1.1 200 OK\r\n\r\n<p>You Know, for Search</p>", None),
                (b"HTTP/1.1 200 OK\r\n\r\n{\"version\":{\"number\":\"1\"}}", None),
            ],
        );
    }
}
