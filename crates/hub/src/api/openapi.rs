//! The description of the API itself.

use std::sync::Arc;

use axum::{Json, Router, routing::get};
use utoipa::{
    OpenApi as _,
    openapi::{Info, OpenApi},
};

use super::{RESOURCES, Resource};
use crate::house::House;

pub(super) const RESOURCE: Resource = Resource { routes, describe: Description::openapi };

#[derive(utoipa::OpenApi)]
#[openapi(paths(describe))]
struct Description;

fn routes() -> Router<Arc<House>> {
    Router::new().route("/api/v1/openapi.json", get(describe))
}

/// This description
#[utoipa::path(get, path = "/api/v1/openapi.json", operation_id = "describe",
    responses((status = 200, description = "an OpenAPI document", body = Object)))]
async fn describe() -> Json<OpenApi> {
    Json(whole())
}

fn whole() -> OpenApi {
    let mut whole = OpenApi::default();
    for resource in RESOURCES {
        whole.merge((resource.describe)());
    }
    whole.info = Info::new("navyd", env!("CARGO_PKG_VERSION"));
    whole.info.description = Some(
        "The hub of navyd. Over its socket no token is needed; over its port every call but opening a session and \
         this document wants `Authorization: Bearer` and a session's token, and is answered to the hub's own origin \
         alone."
            .to_owned(),
    );
    whole
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;

    /// Every `$ref` below a value.
    fn references<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("$ref").and_then(Value::as_str));
                fields.values().for_each(|value| references(value, found));
            }
            Value::Array(values) => values.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }

    #[test]
    fn the_document_names_only_what_it_has() {
        let document = serde_json::to_value(whole()).unwrap();
        let mut found = BTreeSet::new();
        references(&document, &mut found);
        assert!(found.len() > 10, "{found:?}");
        for reference in found {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
        }
    }

    #[test]
    fn whoever_asks_for_what_is_recorded_may_be_told_that_there_is_none_or_that_the_disk_hangs() {
        let document = serde_json::to_value(whole()).unwrap();
        let operations = document["paths"].as_object().unwrap().values();
        let operations: Vec<&Value> =
            operations.flat_map(|methods| methods.as_object().unwrap().values()).collect();
        for name in [
            "list_exchanges",
            "show_exchange",
            "count_exchanges",
            "remove_exchanges",
            "remove_exchange",
            "export_exchanges",
            "show_exchange_messages",
            "capture_status",
            "inspect_requests",
            "inspect_request",
            "inspect_clear",
        ] {
            let operation = operations.iter().find(|operation| operation["operationId"] == name);
            let responses = &operation.unwrap_or_else(|| panic!("there is no `{name}`"))["responses"];
            for status in ["409", "504"] {
                assert!(responses[status].is_object(), "{name} does not say {status}");
            }
        }
    }

    #[test]
    fn every_operation_has_a_name_of_its_own_and_says_what_it_does() {
        let document = serde_json::to_value(whole()).unwrap();
        let mut names = BTreeSet::new();
        for (path, methods) in document["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                let name = operation["operationId"].as_str().unwrap();
                assert!(names.insert(name.to_owned()), "{name} twice");
                assert!(operation["summary"].is_string(), "{method} {path}");
            }
        }
    }
}
