//! All routes, and the leaf that answers each.

use super::{
    auth, caching, coded, cookies, digest, fields, images, made, pages, range, redirects,
    route::{Route, later, now},
    seen, spec, status, timing,
};

const GET: &str = "GET HEAD OPTIONS";
const POST: &str = "POST OPTIONS";
const GET_POST: &str = "GET HEAD POST OPTIONS";
const ALL: &str = "GET HEAD POST PUT DELETE PATCH TRACE OPTIONS";

/// All routes: methods, path, what it answers, and what of the query it looks at. `{name}` is one segment of the path,
/// `{int:name}` one of digits, `{path:name}` all the rest.
pub(super) const ROUTES: &[Route] = &[
    now(GET, "/", "this page", pages::index),
    now(GET, "/legacy", "this page, where it was before", pages::index),
    now(GET, "/spec.json", "this page for programs: Swagger 2.0", spec::spec),
    now(GET, "/ip", "the address that asks", seen::ip),
    now(GET, "/headers", "the fields of the request", seen::headers).asks("show_env"),
    now(GET, "/user-agent", "its User-Agent", seen::user_agent),
    now(GET, "/get", "what was asked: query, fields, address", seen::get).asks("show_env"),
    now(POST, "/post", "the same, and form, files, data or JSON", seen::posted).asks("show_env"),
    now("PUT OPTIONS", "/put", "the same for PUT", seen::posted).asks("show_env"),
    now("PATCH OPTIONS", "/patch", "the same for PATCH", seen::posted).asks("show_env"),
    now("DELETE OPTIONS", "/delete", "the same for DELETE", seen::posted).asks("show_env"),
    now(ALL, "/anything", "the same for any method", seen::anything).asks("show_env"),
    now(ALL, "/anything/{path:anything}", "the same at any path", seen::anything).asks("show_env"),
    now(ALL, "/status/{codes}", "that status, or one of several, as in 200:9,500", status::status),
    now(GET_POST, "/response-headers", "these fields", fields::response_headers),
    later(ALL, "/delay/{delay}", "later, by so many seconds, 10 at most", timing::delay),
    later(GET, "/drip", "a byte now and then", timing::drip).asks("numbytes duration delay code"),
    now(GET, "/range/{int:numbytes}", "bytes, or the part that Range asks for", range::range)
        .asks("chunk_size duration"),
    now(GET, "/cache", "304 if it is asked for with a condition", caching::cache),
    now(GET, "/cache/{int:value}", "something to keep for so many seconds", caching::cache_control),
    now(GET, "/etag/{etag}", "304 and 412 by If-None-Match and If-Match", caching::etag),
    now(GET, "/redirect/{int:n}", "elsewhere, so many times", redirects::redirect).asks("absolute"),
    now(GET, "/relative-redirect/{int:n}", "elsewhere, by paths", redirects::relative),
    now(GET, "/absolute-redirect/{int:n}", "elsewhere, by whole addresses", redirects::absolute),
    now(ALL, "/redirect-to", "to that address", redirects::redirect_to).asks("url status_code"),
    now(GET, "/cookies", "the cookies of the request", cookies::cookies).asks("show_env"),
    now(GET, "/cookies/set", "sets cookies by the names of the query", cookies::set_all),
    now(GET, "/cookies/set/{name}/{value}", "sets one", cookies::set),
    now(GET, "/cookies/delete", "takes cookies away", cookies::delete),
    now(GET, "/basic-auth/{user}/{passwd}", "401 until they are right", auth::basic),
    now(GET, "/hidden-basic-auth/{user}/{passwd}", "404 until they are right", auth::hidden),
    now(GET, "/bearer", "401 until there is a token", auth::bearer),
    now(GET, "/digest-auth/{qop}/{user}/{passwd}", "401 until they are right, and not sent", digest::digest)
        .asks("require-cookie"),
    now(GET, "/digest-auth/{qop}/{user}/{passwd}/{algorithm}", "by MD5, SHA-256 or SHA-512", digest::digest)
        .asks("require-cookie"),
    now(
        GET,
        "/digest-auth/{qop}/{user}/{passwd}/{algorithm}/{stale_after}",
        "with a nonce for so many requests",
        digest::digest,
    )
    .asks("require-cookie"),
    now(GET, "/gzip", "in gzip", coded::gzip),
    now(GET, "/deflate", "in deflate", coded::deflate),
    now(GET, "/brotli", "in brotli", coded::brotli),
    now(GET, "/stream/{int:n}", "so many lines of JSON, in chunks", made::stream),
    now(GET, "/bytes/{int:n}", "so many random bytes, the same for a seed", made::bytes).asks("seed"),
    now(GET, "/stream-bytes/{int:n}", "the same in chunks", made::stream_bytes).asks("seed chunk_size"),
    now(GET, "/uuid", "a random identifier", made::uuid),
    now(GET, "/base64/{value}", "what it says", made::base64),
    now(GET, "/links/{int:n}", "a page of links", made::links),
    now(GET, "/links/{int:n}/{int:offset}", "one of these pages", made::link_page),
    now(GET, "/image", "a picture in the format that Accept names", images::image),
    now(GET, "/image/png", "a picture", images::png),
    now(GET, "/image/jpeg", "a picture", images::jpeg),
    now(GET, "/image/webp", "a picture", images::webp),
    now(GET, "/image/svg", "a picture", images::svg),
    now(GET, "/html", "a page", pages::html),
    now(GET, "/xml", "a document in XML", pages::xml),
    now(GET, "/json", "a document in JSON", pages::json),
    now(GET, "/robots.txt", "what robots may read", pages::robots),
    now(GET, "/deny", "what they may not", pages::deny),
    now(GET, "/encoding/utf8", "a page of many letters", pages::utf8),
    now(GET, "/forms/post", "a form that leads to `/post`", pages::form),
];
